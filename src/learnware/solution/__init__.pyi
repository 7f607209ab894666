from ._report import ChosenLearnware as ChosenLearnware
from ._report import SolutionReport as SolutionReport
from ._solution import Solution as Solution
from ._solve import solve as solve
