#!/usr/bin/env python3
# Takes changed files to a machine that runs (docs/decisions/0050). It watches this machine's own Node with the
# kubelet's certificate. When `up` has written an order there, the digest of what the Secret of this machine's pool
# holds, it reads the Secret, compares the digest, lays the files, does what each of them asks for, and answers with an
# annotation and on the console. It takes no commands. What it must remember is on the disk before it is needed: killed
# at any moment, it begins again, finds what is done already, and does the rest. Whatever it does not expect ends it;
# systemd starts it again. Python 3.6 (RHEL 8) must understand it.
import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request

ORDER = "openstack-kubernetes/files-order"
ANSWER = "openstack-kubernetes/files-answer"
ETC = "/etc/openstack-kubernetes"
# The files that the last order (or the machine's creation) laid, and what a change of each asks for.
RECORD = ETC + "/files-in-place"
# What the files of an unfinished change were before: it is there as long as the change is not finished.
JOURNAL = "/var/lib/openstack-kubernetes/previous-files.json"
CA = "/etc/kubernetes/pki/ca.crt"
CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"
CONSOLE = "/dev/console"
HEALTHZ = "http://127.0.0.1:10248/healthz"
# Seconds that containerd and the kubelet get to be well again.
PATIENCE = 120

# Which files are meant for this machine: those of the other family of operating systems lie elsewhere.
PACKAGE_MANAGER = "apt" if os.path.exists("/usr/bin/apt-get") else "dnf"

NAME = os.uname()[1].split(".")[0]
NODE = "/api/v1/nodes/" + NAME


class Failed(Exception):
    pass


# host:port of the API.
def endpoint():
    with open(ETC + "/bootstrap.env") as lines:
        return dict(line.strip().split("=", 1) for line in lines if "=" in line)["ENDPOINT"].strip("'")


# No proxy is on the way. A machine that held the endpoint may vanish without a word: keepalive tells.
def call(method, path, body=None):
    tls = ssl.create_default_context(cafile=CA)
    # Python 3.13 asks for extensions that kubeadm's certificates do not have.
    tls.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    tls.load_cert_chain(CERTIFICATE)
    connection = http.client.HTTPSConnection(endpoint(), timeout=300, context=tls)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/merge-patch+json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise OSError("%s %s: the API answers %s" % (method, path, answer.status))
    return answer


def say(message):
    line = "openstack-kubernetes: files: " + message
    print(line, flush=True)
    try:
        with open(CONSOLE, "w") as console:
            console.write(line + "\r\n")
    except OSError:
        pass


def answer(order, state, message):
    say("%s: %s" % (state, message))
    given = {"order": order, "state": state, "message": message[:1000], "packageManager": PACKAGE_MANAGER}
    text = json.dumps(given)
    call("PATCH", NODE, {"metadata": {"annotations": {ANSWER: text}}})


# Who waits for the machine sees the step that it is at; a step is not held up by an API that is away.
def step(order, message):
    try:
        answer(order, "working", message)
    except OSError as error:
        print(error, flush=True)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.stdout.decode(errors="replace").strip()
    print(output, flush=True)
    if done.returncode != 0:
        last = output.splitlines()[-1] if output else "no output"
        raise Failed("%s: %s" % (" ".join(command), last))


def wait_until_well(what, look):
    end = time.time() + PATIENCE
    while True:
        try:
            return look()
        except (Failed, OSError) as error:
            if time.time() > end:
                raise Failed("%s is not well after %s s: %s" % (what, PATIENCE, error))
        time.sleep(1)


def kubelet_is_well():
    proxyless = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with proxyless.open(HEALTHZ, timeout=5) as health:
        health.read()


# systemctl does not know why a service did not start; the service's own last line does.
def restart_containerd():
    try:
        run("systemctl", "restart", "containerd")
    except Failed as error:
        ask = ["journalctl", "--identifier", "containerd", "--lines", "1", "--output", "cat"]
        last = subprocess.run(ask, stdout=subprocess.PIPE).stdout.decode(errors="replace").strip()
        raise Failed("containerd did not start: %s" % (last or error))
    wait_until_well("containerd", lambda: run("crictl", "--timeout", "10s", "version"))
    wait_until_well("the kubelet", kubelet_is_well)


def trust():
    # --fresh, or a certificate that was taken away stays trusted.
    if subprocess.call("command -v update-ca-certificates", shell=True, stdout=subprocess.DEVNULL) == 0:
        run("update-ca-certificates", "--fresh")
    else:
        run("update-ca-trust", "extract")


# In the order in which they are done.
STEPS = [
    ("trust", "reading the trusted CAs", trust),
    ("containerd", "restarting containerd", restart_containerd),
]
# What a changed file asks for: the word that stands beside it. A running containerd keeps the CAs that it began with.
ASKED = {"nothing": [], "containerd": ["containerd"], "trust": ["trust", "containerd"]}


# The file's text and mode, or None where there is none.
def current(path):
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {"content": file.read(), "mode": "%04o" % (os.stat(path).st_mode & 0o7777)}
    except FileNotFoundError:
        return None


# Lays a file as a whole, or not at all; None takes it away.
def lay(path, wanted):
    if wanted is None:
        if os.path.exists(path):
            os.remove(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    with open(part, "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), int(wanted["mode"], 8))
        file.write(wanted["content"])
        file.flush()
        os.fsync(file.fileno())
    os.rename(part, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


# path -> what its change asks for
def recorded():
    found = current(RECORD)
    lines = found["content"].splitlines() if found else []
    return {path: change for change, path in (line.split(" ", 1) for line in lines)}


def journal():
    found = current(JOURNAL)
    return json.loads(found["content"]) if found else None


# Everything that has to become otherwise: path -> the file, or None where it has to go.
def differences(files):
    wanted = {file["path"]: file for file in files}
    wanted.update({path: None for path in recorded() if path not in wanted})

    def differs(path, file):
        found = current(path)
        if file is None or found is None:
            return file is not found
        return found["content"] != file["content"] or found["mode"] != file["mode"]

    return {path: file for path, file in wanted.items() if differs(path, file)}


def do_steps(asked, tell):
    for name, title, work in STEPS:
        if name in asked:
            tell(title)
            work()


# The record follows the other files, and is of no interest to people.
def shown(paths):
    return ", ".join(sorted(path for path in paths if path != RECORD)) or RECORD


# Returns what was done, for people. Raises Failed when the machine is not well with the new files; then it has the
# previous ones again.
def lay_files(order, files):
    changes = {file["path"]: file["change"] for file in files}
    changed = differences(files)
    before = journal()
    if not changed and before is None:
        return "nothing had to be changed"
    # A journal that is there is of a change that was cut short: what it holds was there before, and what it asks for
    # may not have been done.
    started = before or {"files": {}, "asked": []}
    was = recorded()
    asked = {name for path in changed for name in ASKED[changes.get(path) or was[path]]}
    started["asked"] = sorted(asked.union(started["asked"]))
    for path in changed:
        started["files"].setdefault(path, current(path))
    lay(JOURNAL, {"content": json.dumps(started), "mode": "0600"})
    step(order, "laying %s" % shown(changed) if changed else "going on after an interruption")
    try:
        for path in sorted(changed, key=lambda path: path == RECORD):
            lay(path, changed[path])
        do_steps(started["asked"], lambda title: step(order, title))
    except (Failed, OSError) as error:
        raise Failed("%s; %s" % (error, put_back(order, started)))
    lay(JOURNAL, None)
    done = [title for name, title, _ in STEPS if name in started["asked"]]
    return "changed %s; %s" % (shown(started["files"]), ", ".join(done) or "nothing was restarted")


def put_back(order, started):
    try:
        for path, was in started["files"].items():
            lay(path, was)
        do_steps(started["asked"], lambda title: step(order, title + " with the previous files"))
    except (Failed, OSError) as error:
        return "the previous files did not help either: %s" % error
    lay(JOURNAL, None)
    return "the machine is well again with its previous files"


# An order is the digest of what the Secret holds. Another agent than this one carries out what comes with that one.
def carry_out(order):
    data = json.load(call("GET", "/api/v1/namespaces/kube-system/secrets/" + sys.argv[1]))["data"]
    agent, files = (base64.b64decode(data[key]) for key in ("agent", "files.json"))
    if hashlib.sha256(agent + b"\0" + files).hexdigest() != order:
        answer(order, "failed", "the Secret does not hold what was ordered")
        return
    with open(__file__, "rb") as file:
        if file.read() != agent:
            sys.exit("there is another agent")
    try:
        done = lay_files(order, json.loads(files.decode()))
    except Failed as error:
        answer(order, "failed", str(error))
        return
    answer(order, "reached", done)


# The order that is still to be carried out; "" for an agent that has not answered anything yet.
def pending(node):
    annotations = node["metadata"].get("annotations", {})
    order = annotations.get(ORDER)
    try:
        given = json.loads(annotations.get(ANSWER, "null"))
    except ValueError:
        given = None
    if order and not (given and given["order"] == order and given["state"] in ("reached", "failed")):
        return order
    return None if given else ""


# What a watch shows may be older than the last answer; the Node itself, asked for by its name, is not.
def look():
    order = pending(json.load(call("GET", NODE)))
    if order:
        carry_out(order)
    elif order == "":
        answer("", "waiting", "no order yet")


def watch():
    query = "?watch=1&timeoutSeconds=240&fieldSelector=metadata.name%3D" + NAME
    for line in call("GET", "/api/v1/nodes" + query):
        event = json.loads(line.decode())
        if event["type"] == "ERROR" or pending(event["object"]) is not None:
            return


if __name__ == "__main__":
    while True:
        try:
            look()
            watch()
        except (OSError, http.client.HTTPException) as error:
            sys.exit("openstack-kubernetes: files: %s" % error)
