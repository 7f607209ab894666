from ._child import ContainerChild as ContainerChild
