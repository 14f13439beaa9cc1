#!/usr/bin/env python3
# Puts a backup in the place of etcd's data, on every control-plane machine at the same moment (docs/decisions/0053).
# `npm run restore` has verified the backup's signature and opened its passphrase; what it ordered is in a Secret.
# Everything that takes time or may fail is done while etcd runs; then this waits for the order to begin. What a machine
# has to say stands in an annotation of its Node. Python 3.6 (RHEL 8) must understand it.
import base64
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

ADMIN = "/etc/kubernetes/admin.conf"
SETTINGS = "openstack-kubernetes-files-restore"
ANSWER = "openstack-kubernetes/restore-answer"
DATA = "/var/lib/etcd"
# On the disk of the data, which the container of etcd sees too.
WORK = DATA + "/.restore"
PREVIOUS = DATA + "/.before-restore"
# Of Nova, as cloud-init keeps it.
INSTANCE = "/var/lib/cloud/data/instance-id"
# Higher than what etcd counts in years: a watching client sees that the past has changed.
BUMP = "1000000000"
# Seconds that the order to begin may take, and then the API.
PATIENCE = 1800
# Seconds between the order to begin and the beginning, at most: the clock of whoever ordered it may be hours off.
NOTICE = 30
NAME = os.uname()[1].split(".")[0]


class Failed(Exception):
    pass


def setting(name):
    with open("/etc/openstack-kubernetes/bootstrap.env") as lines:
        return dict(line.strip().split("=", 1) for line in lines if "=" in line)[name].strip("'")


def output(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failed("%s: %s" % (command[0], told[-1] if told else "failed without a word"))
    return done.stdout.decode()


def kubectl(*args, **more):
    server = "https://127.0.0.1:" + setting("API_PORT")
    return output("kubectl", "--kubeconfig", ADMIN, "--server", server, "--request-timeout", "30s", *args, **more)


# None where there is none any more.
def ordered():
    text = kubectl("-n", "kube-system", "get", "secret", SETTINGS, "--ignore-not-found", "-o", "json")
    if not text.strip():
        return None
    return json.loads(base64.b64decode(json.loads(text)["data"]["settings.json"]).decode())


def tell(order, state, message):
    print("openstack-kubernetes: restore: %s: %s" % (state, message), flush=True)
    answer = json.dumps({"id": order["id"], "state": state, "message": message[:1000]})
    kubectl("annotate", "--overwrite", "node", NAME, "%s=%s" % (ANSWER, answer))


def own_node():
    text = kubectl("get", "node", NAME, "--ignore-not-found", "-o", "json")
    return json.loads(text) if text.strip() else None


# Whether this machine has refused this order.
def refused(order):
    node = own_node() or {"metadata": {}}
    answer = json.loads(node["metadata"].get("annotations", {}).get(ANSWER, "{}"))
    return answer.get("id") == order["id"] and answer["state"] == "failed"


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failed("the bucket does not give the backup: %s" % error)


# The parts, one after the other, through openssl into the snapshot.
def decrypt(order, snapshot):
    reading, writing = os.pipe()
    command = ["openssl", "enc", "-d", "-aes-256-cbc", "-pbkdf2", "-md", "sha256", "-pass", "fd:%d" % reading]
    with open(snapshot, "wb") as plain:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=plain, pass_fds=[reading])
    os.close(reading)
    os.write(writing, order["passphrase"].encode() + b"\n")
    os.close(writing)
    try:
        for number, part in enumerate(order["parts"]):
            content = fetch(part["url"])
            if hashlib.sha256(content).hexdigest() != part["sha256"]:
                raise Failed("part %d is not what the cluster sent" % number)
            process.stdin.write(content)
        process.stdin.close()
    except BrokenPipeError:
        pass
    finally:
        if not process.stdin.closed:
            process.kill()
        ended = process.wait()
    digest = hashlib.sha256()
    with open(snapshot, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if ended != 0 or digest.hexdigest() != order["sha256"]:
        raise Failed("the snapshot is not what the cluster sent")


def running(name):
    return output("crictl", "ps", "--quiet", "--state", "Running", "--name", "^%s$" % name).split()


def prepare(order):
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.rmtree(PREVIOUS, ignore_errors=True)
    os.makedirs(WORK, mode=0o700)
    # The snapshot, and the data that is made of it.
    if shutil.disk_usage(DATA).free < 2.2 * order["size"]:
        raise Failed("%s has no room for two copies of %d bytes" % (DATA, order["size"]))
    decrypt(order, WORK + "/snapshot.db")
    address = dict(member.split("=", 1) for member in order["members"].split(","))[NAME]
    if not running("etcd"):
        raise Failed("no etcd container runs on this machine")
    restore = ["etcdutl", "snapshot", "restore", WORK + "/snapshot.db", "--data-dir", WORK + "/data", "--name", NAME]
    restore += ["--initial-cluster", order["members"], "--initial-advertise-peer-urls", address]
    restore += ["--initial-cluster-token", order["id"], "--bump-revision", BUMP, "--mark-compacted"]
    output("crictl", "exec", running("etcd")[0], *restore)
    os.remove(WORK + "/snapshot.db")


# Seconds since the epoch at which all machines begin; None where the order was taken back.
def beginning(order):
    end = time.time() + PATIENCE
    while time.time() < end:
        found = ordered()
        if found is None or found["id"] != order["id"]:
            return None
        if found.get("at"):
            return found["at"]
        time.sleep(1)
    raise Failed("the order to begin did not come within %d s" % PATIENCE)


def swap():
    output("systemctl", "stop", "kubelet")
    try:
        for component in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"):
            for container in running(component):
                output("crictl", "stop", "--timeout", "20", container)
        os.rename(DATA + "/member", PREVIOUS)
        try:
            os.rename(WORK + "/data/member", DATA + "/member")
        except OSError:
            os.rename(PREVIOUS, DATA + "/member")
            raise
    finally:
        output("systemctl", "start", "kubelet")
    shutil.rmtree(WORK, ignore_errors=True)


# What the data say of an earlier machine of this name, by what Nova called it: no cloud controller changes that in a
# Node, and would delete this one as a machine that is gone. None where the Node is this machine's.
def successor(node):
    if not os.path.exists(INSTANCE) or not node["spec"].get("providerID"):
        return None
    with open(INSTANCE) as file:
        if node["spec"]["providerID"].endswith("/" + file.read().strip()):
            return None
    about, spec = node["metadata"], node["spec"]
    kept = {key: value for key, value in about.get("annotations", {}).items() if not key.startswith("csi.")}
    begun = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NAME, "labels": about.get("labels", {}), "annotations": kept},
        "spec": dict(
            {key: value for key, value in spec.items() if key in ("podCIDR", "podCIDRs", "unschedulable")},
            taints=[taint for taint in spec.get("taints", []) if taint["key"] != begun["key"]] + [begun],
        ),
    }


# A kubelet would register its Node without the labels and taints of the control plane, so it is off meanwhile.
def take_over(node):
    output("systemctl", "stop", "kubelet")
    try:
        kubectl("delete", "csinode", NAME, "--ignore-not-found")
        kubectl("delete", "node", NAME, "--ignore-not-found")
        kubectl("create", "-f", "-", input=json.dumps(node).encode())
    finally:
        output("systemctl", "start", "kubelet")


# Once the API of this machine answers, which is from the data of the backup.
def settle(order):
    end = time.time() + PATIENCE
    node = None
    while True:
        try:
            found = own_node()
            node = successor(found) if found else node
            if node:
                take_over(node)
            tell(order, "restored", "etcd has the data of the backup")
            return
        except Failed:
            if time.time() > end:
                raise
            time.sleep(1)


def main():
    order = ordered()
    if order is None or refused(order):
        return
    try:
        tell(order, "working", "fetching the backup")
        prepare(order)
        tell(order, "ready", "the data lies beside etcd's")
        at = beginning(order)
    except (Failed, OSError) as error:
        shutil.rmtree(WORK, ignore_errors=True)
        tell(order, "failed", str(error))
        sys.exit(1)
    if at is None:
        shutil.rmtree(WORK, ignore_errors=True)
        return
    time.sleep(min(max(0, at - time.time()), NOTICE))
    print("openstack-kubernetes: restore: etcd gets the data of the backup", flush=True)
    swap()
    settle(order)


if __name__ == "__main__":
    main()
