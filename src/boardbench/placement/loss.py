"""Paper 4's loss: the squared error of the corners, and a term that asks for a rectangle."""

import torch

EDGES = torch.tensor(
    [
        [-1.0, 0.0, 0.0, -1.0],
        [0.0, 0.0, 1.0, 1.0],
        [1.0, 1.0, 0.0, 0.0],
        [0.0, -1.0, -1.0, 0.0],
    ]
)
"""Paper 4's equation 5: E = C EDGES, corners c1 to c4 and edges e1 to e4 as columns.

e1 = c3 - c1, e3 = c2 - c4, e4 = c2 - c1; e2 is c3 - c4, while the paper's equation 4 says c4 - c3. Either will do: of
each angle only |cos| counts, which does not change with the direction of an edge.
"""

SHORTEST = 1e-3
"""Of the image: an edge below this length counts as this long, so that no cosine changes faster than 1 / SHORTEST."""


def rectangle_loss(corners: torch.Tensor) -> torch.Tensor:
    """Sum |cos| of the four angles between neighbouring edges: 0 for a rectangle of any place, size and rotation.

    Equation 2 of paper 4 for edges of a thousandth of the image and more. Where corners coincide the cosine is taken
    as 0 and every gradient stays finite.

    Args:
        corners: (N, 4, 2), c1 top-left, c2 top-right, c3 bottom-left, c4 bottom-right, as shares of the image.

    Returns:
        (N,), between 0 and 4, before any weight.
    """
    edges = EDGES.to(corners).T @ corners
    units = edges / torch.linalg.vector_norm(edges, dim=-1, keepdim=True).clamp_min(SHORTEST)
    return (units * units.roll(-1, dims=-2)).sum(dim=-1).abs().sum(dim=-1)


def placement_loss(
    predicted: torch.Tensor, target: torch.Tensor, rectangle_weight: float, aspect: tuple[float, float] = (1.0, 1.0)
) -> torch.Tensor:
    """Mean squared error of the coordinates, plus the mean rectangle term of the predictions times its weight.

    Args:
        predicted: (N, 4, 2) corners as shares of the image.
        target: the same, as they are.
        rectangle_weight: 0 leaves the term out; paper 4 gives none, so 1 in its words.
        aspect: length of the image's width and height on the board, in any unit: a rectangle on a board is none in
            shares of an image that is not square.

    Returns:
        a scalar.
    """
    error = (predicted - target).square().mean()
    if not rectangle_weight:
        return error
    scale = predicted.new_tensor(aspect)
    return error + rectangle_weight * rectangle_loss(predicted * (scale / scale.max())).mean()
