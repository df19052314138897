"""What a process serves that other nodes call, and nobody else."""

from exam.records.exchange.controllers import ExchangeController
from exam.records.nodes.controllers import NodesController
from exam.web.plugin import Plugin

PLUGIN = Plugin(package="exam.records", handlers=(ExchangeController, NodesController))
