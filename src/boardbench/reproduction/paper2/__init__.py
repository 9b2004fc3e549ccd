"""Paper 2 (baselines and networks on CIFAR-10): its tables, and the sentences that follow from them."""

from boardbench.reproduction.paper2.sentences import CHECKS as CHECKS
from boardbench.reproduction.paper2.tables import TABLES as TABLES
