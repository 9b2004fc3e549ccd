"""Nearest neighbours among 50,000 images by four distances: ours against scikit-learn and scikit-image.

Usage: python benchmarks/baselines.py [--quick] [--out FILE.csv]

Random images of 32 x 32 x 3, the one nearest training image of each test image, two threads. Rates are test x training
images a second, each side on as many test images as take seconds, training images prepared anew each time; the rivals
are scikit-learn's brute-force search on float32 (l1, l2, cosine) and scikit-image's SSIM, pair by pair on one thread,
as it is used (its n of images is smaller still). Both must name the same neighbours first. Besides, the seconds that
10,000 test images take at our rate against the time allowed. Limit of l2 and cosine: their products at the GEMM rate.
"""

import numpy as np

import measuring
from boardbench.engine.latency import gemm_rate
from measuring import Row, Wire, Worker, compare, in_turn

THREADS = 2
SIZE = (32, 32, 3)
OFFSET = 120.7
TESTS = 10_000
# distance -> test images of ours, test and training images of the rival, rival, target of the rate, seconds allowed
SIDES = {
    "l1": (200, 40, None, "scikit-learn", 5, 900),
    "l2": (1000, 1000, None, "scikit-learn", None, 60),
    "cosine": (1000, 1000, None, "scikit-learn", None, 60),
    "ssim": (100, 10, 200, "scikit-image", 100, None),
}
METRICS = {"l1": "manhattan", "l2": "euclidean", "cosine": "cosine"}


def side(who: str, trains: str) -> None:
    """Be one side."""
    generator = np.random.default_rng(0)
    train, test = (generator.integers(0, 256, (count, *SIZE), np.uint8) for count in (int(trains), 1000))
    wire = Wire()
    wire.serve(ours(train, test) if who == "ours" else rival(train, test))


def ours(train: np.ndarray, test: np.ndarray):
    """Return the job: our search."""
    from boardbench.classification.neighbours import nearest

    def job(distance: str, tests: int, trains: int) -> dict:
        found = []
        arguments = (train[:trains], test[:tests], 1, distance)
        spent = measuring.seconds(lambda: found.append(nearest(*arguments, offset=OFFSET, threads=THREADS)))
        return {"rate": tests * trains / spent, "where": found[0][1][:, 0].tolist()}

    return job


def rival(train: np.ndarray, test: np.ndarray):
    """Return the job: the libraries' search."""
    from skimage.metrics import structural_similarity
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    rows = [array.reshape(len(array), -1).astype(np.float32) - np.float32(OFFSET) for array in (train, test)]

    def search(distance: str, tests: int, trains: int) -> np.ndarray:
        if distance in METRICS:
            search = NearestNeighbors(n_neighbors=1, algorithm="brute", metric=METRICS[distance], n_jobs=THREADS)
            return search.fit(rows[0][:trains]).kneighbors(rows[1][:tests], return_distance=False)[:, 0]
        images = [array.reshape(-1, *SIZE) for array in rows]
        named = {"channel_axis": -1, "data_range": 255}
        return np.array(
            [np.argmax([structural_similarity(a, b, **named) for b in images[0][:trains]]) for a in images[1][:tests]]
        )

    def job(distance: str, tests: int, trains: int, limit: bool = False) -> dict:
        if limit:
            return {"rate": gemm_rate(THREADS, 1024, 3)}
        found = []
        with threadpool_limits(THREADS):
            spent = measuring.seconds(lambda: found.append(search(distance, tests, trains)))
        return {"rate": tests * trains / spent, "where": found[0].tolist()}

    return job


def rows(quick: bool) -> list[Row]:
    """Measure, and return rates of all distances and what the whole problem takes."""
    trains, repeats = (300, 1) if quick else (50_000, 3)
    table = []
    with Worker("baselines.py", "ours", trains) as mine, Worker("baselines.py", "rival", trains) as other:
        products = other.ask(distance="", tests=0, trains=0, limit=True)["rate"]
        for distance, (tests, their_tests, their_trains, library, target, allowed) in SIDES.items():
            if quick:
                tests, their_tests, their_trains = 10, 5, 20
            found = [worker.ask(distance=distance, tests=5, trains=200)["where"] for worker in (mine, other)]
            if found[0] != found[1]:
                raise SystemExit(f"baselines: {distance}: ours {found[0]}, {library} {found[1]}")
            answers = in_turn(
                {
                    "ours": lambda d=distance, n=tests: mine.ask(distance=d, tests=n, trains=trains),
                    "rival": lambda d=distance, n=their_tests, m=their_trains: other.ask(
                        distance=d, tests=n, trains=m or trains
                    ),
                },
                repeats,
            )
            rates = {who: [answer["rate"] for answer in given] for who, given in answers.items()}
            limit = products / (2 * np.prod(SIZE)) if distance in ("l2", "cosine") else None
            table.append(
                compare(
                    f"nearest of {trains} images by {distance}",
                    library,
                    "pairs/s",
                    rates["ours"],
                    rates["rival"],
                    target=None if quick else target,
                    limit=limit and float(limit),
                )
            )
            if allowed:
                spent = [TESTS * trains / rate for rate in rates["ours"]]
                name = f"{TESTS} x {trains} images by {distance} at the rate of {tests}"
                table.append(compare(name, f"{allowed} s allowed", "s", spent, [float(allowed)], target=1))
    return table


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
