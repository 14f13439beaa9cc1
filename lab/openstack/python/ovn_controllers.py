"""Plays ovn-controller for hypervisors that have no Open vSwitch.

Usage: python3 -m ovn_controllers SOUTHBOUND-DATABASE HYPERVISOR...

Does what Neutron can see of an ovn-controller: registers each hypervisor as a chassis, reports which
configuration it has reached (so that Neutron counts its agent as alive), claims the ports that are bound to
it and reports them up. There is no data plane behind it.
"""

import sys
import time

import ovs.poller
from ovs.db.idl import Idl, SchemaHelper, Transaction

SCHEMA = "/usr/share/ovn/ovn-sb.ovsschema"

# A real ovn-controller claims a port when its interface appears, seconds after Neutron bound it. Claimed at
# once, the claim overtakes Neutron's own write of the same row, which then has to be repeated.
CLAIM_DELAY_SECONDS = 3.0

# The physical network behind the external networks.
BRIDGE_MAPPINGS = "outside:br-outside"


def connect(remote):
    schema = SchemaHelper(SCHEMA)
    schema.register_table("SB_Global")
    schema.register_columns("SB_Global", ["nb_cfg"])
    schema.register_columns(
        "Port_Binding", ["logical_port", "type", "chassis", "requested_chassis", "up", "ha_chassis_group"]
    )
    schema.register_table("Encap")
    schema.register_columns("Chassis", ["name", "hostname", "encaps", "external_ids", "other_config", "nb_cfg"])
    schema.register_columns("Chassis_Private", ["name", "chassis", "nb_cfg", "nb_cfg_timestamp", "external_ids"])
    schema.register_columns("HA_Chassis_Group", ["ha_chassis"])
    schema.register_columns("HA_Chassis", ["chassis", "priority"])
    return Idl(remote, schema)


def wait(idl, milliseconds):
    poller = ovs.poller.Poller()
    idl.wait(poller)
    poller.timer_wait(milliseconds)
    poller.block()


def rows(idl, table):
    return list(idl.tables[table].rows.values())


def commit(idl, change):
    """Runs `change` in a transaction until the database has taken it; it is called anew after a conflict."""
    for _ in range(20):
        transaction = Transaction(idl)
        change(transaction)
        status = transaction.commit_block()
        if status in (Transaction.SUCCESS, Transaction.UNCHANGED):
            return
        wait(idl, 100)
        idl.run()
    sys.exit(f"OVN's southbound database refuses to be written: {status}")


def register(idl, hypervisors):
    def change(transaction):
        known = {chassis.name for chassis in rows(idl, "Chassis")}
        for index, name in enumerate(hypervisors):
            if name in known:
                continue
            address = f"127.0.1.{index + 1}"
            encapsulation = transaction.insert(idl.tables["Encap"])
            encapsulation.chassis_name = name
            encapsulation.type = "geneve"
            encapsulation.ip = address
            encapsulation.options = {"csum": "true"}
            settings = {
                "ovn-bridge-mappings": BRIDGE_MAPPINGS,
                "ovn-cms-options": "enable-chassis-as-gw",
                "datapath-type": "system",
            }
            chassis = transaction.insert(idl.tables["Chassis"])
            chassis.name = name
            chassis.hostname = name
            chassis.encaps = [encapsulation]
            # Where Neutron looks has changed between its releases.
            chassis.external_ids = settings
            chassis.other_config = settings
            private = transaction.insert(idl.tables["Chassis_Private"])
            private.name = name
            private.chassis = [chassis]

    commit(idl, change)


def report_progress(idl):
    """Copies the number of the configuration that northd has rendered: "this chassis is up to date and alive"."""
    reached = max((row.nb_cfg for row in rows(idl, "SB_Global")), default=0)
    behind = [row for row in rows(idl, "Chassis_Private") if row.nb_cfg != reached]
    for row in behind:
        row.nb_cfg = reached
        row.nb_cfg_timestamp = int(time.time() * 1000)
    return len(behind)


def wanted_chassis(binding):
    """The chassis a port belongs on: where it was requested, or the best gateway of its group."""
    if binding.type == "chassisredirect" and binding.ha_chassis_group:
        members = [member for member in binding.ha_chassis_group[0].ha_chassis if member.chassis]
        return max(members, key=lambda member: member.priority).chassis[0] if members else None
    if binding.type in ("", "virtual") and binding.requested_chassis:
        return binding.requested_chassis[0]
    return None


class Claims:
    """Ports that wait for their claim, with the time they were first seen so."""

    def __init__(self):
        self.since = {}

    def make(self, idl):
        """Claims what is due. Returns the number of changes and whether some ports are still to come."""
        changes, waiting, now = 0, False, time.monotonic()
        present = set()
        for binding in rows(idl, "Port_Binding"):
            chassis = wanted_chassis(binding)
            if chassis is None:
                continue
            is_port = binding.type in ("", "virtual")
            claimed = bool(binding.chassis) and binding.chassis[0].uuid == chassis.uuid
            if claimed and (binding.up == [True] or not is_port):
                continue
            present.add(binding.uuid)
            if is_port and now - self.since.setdefault(binding.uuid, now) < CLAIM_DELAY_SECONDS:
                waiting = True
                continue
            if not claimed:
                binding.verify("chassis")
                binding.chassis = [chassis]
            if is_port:
                binding.up = [True]
            changes += 1
        self.since = {uuid: since for uuid, since in self.since.items() if uuid in present}
        return changes, waiting


def main():
    remote, hypervisors = sys.argv[1], sys.argv[2:]
    idl = connect(remote)
    while not idl.has_ever_connected():
        idl.run()
        wait(idl, 500)
    register(idl, hypervisors)
    print("chassis registered:", ", ".join(hypervisors), flush=True)
    claims, seen, waiting = Claims(), None, False
    while True:
        idl.run()
        if idl.change_seqno == seen and not waiting:
            wait(idl, 5000)
            continue
        seen = idl.change_seqno
        transaction = Transaction(idl)
        progress = report_progress(idl)
        changes, waiting = claims.make(idl)
        if progress or changes:
            status = transaction.commit_block()
            if status not in (Transaction.SUCCESS, Transaction.UNCHANGED):
                # Somebody else wrote the same rows: look again.
                seen = None
            elif changes:
                print(time.strftime("%H:%M:%S"), f"claimed {changes} port(s)", flush=True)
        else:
            transaction.abort()
        if waiting or seen is None:
            wait(idl, 200)


main()
