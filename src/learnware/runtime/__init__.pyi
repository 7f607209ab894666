from ._process import ModelProcess as ModelProcess
