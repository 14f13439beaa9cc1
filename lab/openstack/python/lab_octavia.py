"""Octavia's network driver in the lab: virtual IPs are real Neutron ports, amphorae have no network at all.

Octavia without amphorae would invent addresses; users of the lab want the address of a load balancer to be a
port of their subnet, to which a floating IP can be given. Whatever concerns amphorae falls back to Octavia's
own driver that does nothing.
"""

from octavia.network import base
from octavia.network.drivers.neutron.allowed_address_pairs import AllowedAddressPairsDriver
from octavia.network.drivers.noop_driver.driver import NoopNetworkDriver

OWNER = "Octavia"


class VirtualIpDriver(NoopNetworkDriver):
    def __init__(self):
        super().__init__()
        self.neutron = AllowedAddressPairsDriver()

    def allocate_vip(self, load_balancer):
        return self.neutron.allocate_vip(load_balancer)

    def deallocate_vip(self, vip):
        """Deletes the port if Octavia made it; a port that the user brought stays."""
        try:
            port = self.neutron.get_port(vip.port_id)
        except base.PortNotFound:
            return
        if port.device_owner == OWNER:
            self.neutron.neutron_client.delete_port(vip.port_id)

    def get_network(self, network_id, context=None):
        return self._real_or_invented("get_network", network_id)

    def get_subnet(self, subnet_id, context=None):
        return self._real_or_invented("get_subnet", subnet_id)

    def get_port(self, port_id, context=None):
        return self._real_or_invented("get_port", port_id)

    def _real_or_invented(self, question, identifier):
        """Neutron's answer; for the networks and ports of amphorae, which do not exist, an invented one."""
        try:
            return getattr(self.neutron, question)(identifier)
        except (base.NetworkException, ValueError):
            return getattr(super(), question)(identifier)
