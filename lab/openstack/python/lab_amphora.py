"""Octavia's amphora driver in the lab: what would run in an amphora runs beside the lab's machines.

The haproxy configuration is Octavia's own, rendered by the code that renders it for real amphorae; lab/machines'
dataPlane.sh (LAB_DATA_PLANE) runs haproxy on it, with files in LAB_BALANCERS. Not there: UDP, TLS certificates,
statistics, and with them operating statuses.

As a command it starts the load balancers anew whose files are there: python3 -m lab_amphora
"""

import glob
import os
import re
import subprocess

FOLDER = os.environ.get("LAB_BALANCERS", "")


def data_plane(command, identifier, address):
    """dataPlane.sh with an environment of its own: a load balancer outlives the service that started it."""
    clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    script = [os.environ["LAB_DATA_PLANE"], command, FOLDER, identifier, address]
    done = subprocess.run(["setsid", "--wait", *clean, *script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command} {identifier} at {address} failed: {done.stderr.strip()}")


def configuration(load_balancer, listeners):
    """Octavia's haproxy configuration, with paths that exist here."""
    from octavia.common.jinja.haproxy.combined_listeners import jinja_cfg

    templater = jinja_cfg.JinjaTemplater(base_amp_path=FOLDER, connection_logging=False)
    amphora = next(iter(load_balancer.amphorae), None)
    # A Unix socket's path is short, the lab's folder need not be.
    socket = f"/run/osk-balancer-{load_balancer.id[:8]}.sock"
    return templater.build_config(amphora, listeners, {}, ["2", "6"], socket_path=socket)


def serve(load_balancer, without=None):
    leaving = ("PENDING_DELETE", "DELETED")
    listeners = [
        listener
        for listener in load_balancer.listeners
        if listener.enabled and listener.protocol != "UDP" and listener.provisioning_status not in leaving
        and (without is None or listener.id != without.id)
    ]
    if not listeners:
        data_plane("unbalance", load_balancer.id, load_balancer.vip.ip_address)
        return
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, load_balancer.id + ".cfg")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(configuration(load_balancer, listeners))
    os.replace(path + ".new", path)
    data_plane("balance", load_balancer.id, load_balancer.vip.ip_address)


def driver():
    """Octavia's driver class. Made when it is asked for, so that the command below needs nothing of Octavia."""
    from octavia.amphorae.drivers.noop_driver.driver import NoopAmphoraLoadBalancerDriver

    class LoadBalancerDriver(NoopAmphoraLoadBalancerDriver):
        def update_amphora_listeners(self, loadbalancer, amphora, timeout_dict):
            serve(loadbalancer)

        def update(self, loadbalancer):
            serve(loadbalancer)

        def start(self, loadbalancer, amphora=None, timeout_dict=None):
            serve(loadbalancer)

        def reload(self, loadbalancer, amphora=None, timeout_dict=None):
            serve(loadbalancer)

        def delete(self, listener):
            serve(listener.load_balancer, without=listener)

    return LoadBalancerDriver()


if __name__ == "__main__":
    for name in glob.glob(os.path.join(FOLDER, "*.cfg")):
        with open(name, encoding="utf-8") as opened:
            bound = re.search(r"^\s*bind (\S+):\d+", opened.read(), re.MULTILINE)
        if bound:
            data_plane("balance", os.path.basename(name)[: -len(".cfg")], bound[1])
