"""Networks: functions with parameters, ours and adapters for those made elsewhere."""

from saddlery.networks.adapters import as_network, from_equinox, from_functions, from_nnx
from saddlery.networks.mlp import MLP
from saddlery.networks.network import Network

__all__ = ["MLP", "Network", "as_network", "from_equinox", "from_functions", "from_nnx"]
