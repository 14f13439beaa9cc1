"""Nova's hypervisor in the lab: servers are the lab's machines, systemd in namespaces (lab/machines).

What a machine is told, Nova itself has made: the config drive is written by Nova's own code, addresses and MACs are
Neutron's. Switching, cabling and the console are lab/machines' scripts, named by the environment:

LAB_MACHINE       machine.sh
LAB_DATA_PLANE    dataPlane.sh
LAB_MACHINES      folder with one folder per server (disk, console, config drive) and one per network
LAB_LAYERS        trees below every machine's disk, uppermost first, separated by colons
"""

import ipaddress
import os
import shutil

from oslo_concurrency import processutils
from oslo_log import log as logging

from nova import exception
from nova.api.metadata import base as instance_metadata
from nova.compute import power_state
from nova.virt import configdrive, fake, hardware

LOG = logging.getLogger(__name__)

# The most that Nova's other hypervisors hand out of a console, in bytes.
CONSOLE_BYTES = 100 * 1024
# How long a machine that was asked to reboot may take until it is switched off and on instead, in seconds.
SOFT_REBOOT_SECONDS = 120


def run(script, *words):
    """Runs one of lab/machines' scripts with an environment of its own: a machine outlives the service that started it."""
    clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    return processutils.execute("setsid", "--wait", *clean, os.environ[script], *[str(word) for word in words])[0]


class MachinesDriver(fake.FakeDriver):
    """Keeps the fake driver's books of processors and memory, and runs the servers."""

    capabilities = dict(
        fake.FakeDriver.capabilities,
        # A card or a disk that is plugged in later would not be seen by the machine.
        supports_attach_interface=False,
        supports_tagged_attach_interface=False,
    )

    def _folder(self, *parts):
        return os.path.join(os.environ["LAB_MACHINES"], *parts)

    def _disk(self, instance, *parts):
        return self._folder("servers", instance.name, *parts)

    def _is_on(self, instance):
        return run("LAB_MACHINE", "state", instance.name).strip() == "on"

    # Creation and deletion

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, network_info=None,
              block_device_info=None, power_on=True, accel_info=None):
        super().spawn(context, instance, image_meta, injected_files, admin_password, allocations, network_info,
                      block_device_info, power_on, accel_info)
        # What a server of this name left when its deletion was cut short.
        run("LAB_MACHINE", "stop", instance.name)
        shutil.rmtree(self._disk(instance), ignore_errors=True)
        os.makedirs(self._disk(instance))
        if configdrive.required_by(instance):
            self._write_drive(instance, injected_files, admin_password, network_info)
        if power_on:
            self._switch_on(instance, network_info)

    def _write_drive(self, instance, injected_files, admin_password, network_info):
        extra = {"admin_pass": admin_password} if admin_password else {}
        metadata = instance_metadata.InstanceMetadata(
            instance, content=injected_files, extra_md=extra, network_info=network_info
        )
        for path, content in metadata.metadata_for_config_drive():
            file = self._disk(instance, "drive", path)
            os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
                opened.write(content if isinstance(content, bytes) else content.encode("utf-8"))

    def destroy(self, context, instance, network_info, block_device_info=None, destroy_disks=True,
                destroy_secrets=True):
        run("LAB_MACHINE", "stop", instance.name)
        if destroy_disks:
            self._unplug(network_info)
            shutil.rmtree(self._disk(instance), ignore_errors=True)
        if instance.uuid in self.instances:  # Not so when this service was started after the server was.
            super().destroy(context, instance, network_info, block_device_info, destroy_disks, destroy_secrets)

    def cleanup(self, context, instance, network_info, block_device_info=None, destroy_disks=True,
                migrate_data=None, destroy_vifs=True, destroy_secrets=True):
        pass

    # Power

    def _switch_on(self, instance, network_info):
        cards = [self._plug(vif) for vif in network_info or []]
        run("LAB_MACHINE", "start", instance.name, self._disk(instance), os.environ["LAB_LAYERS"], *cards)
        LOG.info("has power", instance=instance)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None):
        if not self._is_on(instance):
            run("LAB_MACHINE", "stop", instance.name)  # Ends what a power-off from within leaves behind.
            self._switch_on(instance, network_info)

    def power_off(self, instance, timeout=0, retry_interval=0):
        run("LAB_MACHINE", "shutdown", instance.name, int(timeout or 0))

    def reboot(self, context, instance, network_info, reboot_type, block_device_info=None, bad_volumes_callback=None,
               accel_info=None):
        if reboot_type == "SOFT":
            try:
                run("LAB_MACHINE", "reboot", instance.name, SOFT_REBOOT_SECONDS)
                return
            except processutils.ProcessExecutionError as failure:
                LOG.warning("did not reboot by itself and is switched off and on: %s", failure.stderr, instance=instance)
        run("LAB_MACHINE", "stop", instance.name)
        self._switch_on(instance, network_info)

    # A resize is a power-off, new books, and a power-on of the same machine: all hypervisors are the same host.

    def migrate_disk_and_power_off(self, context, instance, dest, flavor, network_info, block_device_info=None, timeout=0,
                                   retry_interval=0):
        self.power_off(instance, timeout, retry_interval)

    def finish_migration(self, context, migration, instance, disk_info, network_info, image_meta, resize_instance,
                         allocations, block_device_info=None, power_on=True):
        super().spawn(context, instance, image_meta, None, None, allocations, network_info, block_device_info, power_on)
        if power_on:
            self._switch_on(instance, network_info)

    def confirm_migration(self, context, migration, instance, network_info):
        if migration.source_compute != migration.dest_compute and instance.uuid in self.instances:
            super().destroy(context, instance, network_info)

    def finish_revert_migration(self, *args, **kwargs):
        raise NotImplementedError("a resize in the lab is not reverted, but confirmed or repeated")

    def resume_state_on_host_boot(self, context, instance, network_info, block_device_info=None):
        self.power_on(context, instance, network_info, block_device_info)

    def get_info(self, instance, use_cache=True):
        if not os.path.isdir(self._disk(instance)):
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return hardware.InstanceInfo(state=power_state.RUNNING if self._is_on(instance) else power_state.SHUTDOWN)

    def get_console_output(self, context, instance):
        try:
            with open(self._disk(instance, "console.log"), "rb") as console:
                console.seek(max(0, os.fstat(console.fileno()).st_size - CONSOLE_BYTES))
                return console.read()
        except FileNotFoundError:
            return b""

    # What the fake driver would pretend

    def _not_here(self, *args, **kwargs):
        raise NotImplementedError("the lab's machines know power and no other states")

    pause = unpause = suspend = resume = rescue = unrescue = snapshot = _not_here

    # Cables

    def _plug(self, vif):
        """Makes the network of a port, and hands its address to the DHCP server. Returns the card for machine.sh."""
        network = vif["network"]
        bridge = bridge_of(network)
        words = [bridge, vif.get_meta("mtu") or network.get_meta("mtu") or 1500]
        subnet = next((each for each in network["subnets"] if each["version"] == 4 and each["ips"]), None)
        if subnet and subnet["gateway"] and subnet["gateway"]["address"]:
            cidr = ipaddress.ip_network(subnet["cidr"])
            resolvers = ",".join(dns["address"] for dns in subnet["dns"])
            words += [subnet["gateway"]["address"], cidr.prefixlen, cidr.netmask, resolvers]
            hosts = self._folder("networks", bridge, "hosts")
            os.makedirs(hosts, exist_ok=True)
            with open(os.path.join(hosts, vif["id"]), "w", encoding="ascii") as file:
                file.write(f"{vif['address']},{subnet['ips'][0]['address']},infinite\n")
        run("LAB_DATA_PLANE", "network", self._folder("networks"), *words)
        return f"{vif['address']}@{bridge}"

    def _unplug(self, network_info):
        for vif in network_info or []:
            try:
                os.remove(self._folder("networks", bridge_of(vif["network"]), "hosts", vif["id"]))
            except FileNotFoundError:
                pass


def bridge_of(network):
    """A name that fits an interface: 15 characters."""
    return "br" + network["id"].replace("-", "")[:12]
