#!/usr/bin/env python3
# Takes changed files to a machine that runs (docs/decisions/0050). It watches this machine's own Node with the
# kubelet's certificate. When `up` has written an order there, the digest of what the Secret of this machine's pool
# holds, it reads the Secret, compares the digest, lays the files, does what each of them asks for, and answers with an
# annotation and on the console. It takes no commands. What it must remember is on the disk before it is needed: killed
# at any moment, it begins again, finds what is done already, and does the rest. Whatever it does not expect ends it;
# systemd starts it again. Python 3.6 (RHEL 8) must understand it.
import base64
import glob
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request

ORDER = "openstack-kubernetes/files-order"
ANSWER = "openstack-kubernetes/files-answer"
# The order for which `up` has taken the pods off, or has found that they may stay.
DRAINED = "openstack-kubernetes/files-drained"
ETC = "/etc/openstack-kubernetes"
# The files that the last order (or the machine's creation) laid, and what a change of each asks for.
RECORD = ETC + "/files-in-place"
# What the files of an unfinished change were before: it is there as long as the change is not finished.
JOURNAL = "/var/lib/openstack-kubernetes/previous-files.json"
CA = "/etc/kubernetes/pki/ca.crt"
CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"
CONSOLE = "/dev/console"
HEALTHZ = "http://127.0.0.1:10248/healthz"
# What of the API server's static pod is the program's, and that pod.
SETTINGS = ETC + "/api-server.json"
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
ETCD = "/etc/kubernetes/manifests/etcd.yaml"
# The variable in that pod which tells what an API server was started with.
VARIABLE = "OPENSTACK_KUBERNETES_FILES"
AUTHENTICATION = ETC + "/api-server/authentication.yaml"
RELOADED = "apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds"
ADMIN = "/etc/kubernetes/admin.conf"
# What the kubelet takes, and the arguments that kubeadm has it started with.
KUBELET = ETC + "/kubelet/settings.conf"
FLAGS = "/var/lib/kubelet/kubeadm-flags.env"
# The version of Kubernetes and its packages.
KUBERNETES = ETC + "/kubernetes.env"
# Where the kubelet's files are.
ROOT = ""
# kubeadm's patches of static pods, where there are any.
PATCHES = ETC + "/patches"
PROXY = ETC + "/proxy.env"
PEERS = ETC + "/peers"
BIN = "/opt/openstack-kubernetes/bin"
PACKAGES = ["kubeadm", "kubectl", "kubelet"]
# There while `kubeadm upgrade apply` is not done, which is the whole cluster's: it holds the version.
APPLYING = "/var/lib/openstack-kubernetes/upgrade-applying"
KUBEADM_LOG = "/var/log/openstack-kubernetes-upgrade.log"
# Bytes that packages and images of another version need: 1.36.3's packages have 0.2 GB on the disk, and its images of a
# control plane 0.5 GB; twice that.
ROOM = 3 << 29
# Seconds that containerd and the kubelet get to be well again, and an answer to arrive.
PATIENCE = 120
# Seconds that the API server gets: as many as its startup probe gives it.
API_PATIENCE = 240
# Seconds that `up` gets to take the pods off, whose own time limit ends before.
DRAIN_PATIENCE = 7200

# Which files are meant for this machine: those of the other family of operating systems lie elsewhere.
PACKAGE_MANAGER = "apt" if os.path.exists("/usr/bin/apt-get") else "dnf"

NAME = os.uname()[1].split(".")[0]
NODE = "/api/v1/nodes/" + NAME


class Failed(Exception):
    pass


# Waiting any longer would not help.
class Hopeless(Failed):
    pass


def variables(path):
    with open(path) as lines:
        pairs = (line.strip().split("=", 1) for line in lines if "=" in line)
        return {name: value.strip("'") for name, value in pairs}


def setting(name):
    return variables(ETC + "/bootstrap.env")[name]


# host:port of the API server of this machine.
def own_api():
    return "127.0.0.1:" + setting("API_PORT")


# No proxy is on the way. A machine that held the endpoint may vanish without a word: keepalive tells.
def call(method, path, body=None, host=None, timeout=300):
    tls = ssl.create_default_context(cafile=CA)
    # Python 3.13 asks for extensions that kubeadm's certificates do not have.
    tls.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    tls.load_cert_chain(CERTIFICATE)
    connection = http.client.HTTPSConnection(host or setting("ENDPOINT"), timeout=timeout, context=tls)
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


def tell(order, state, message):
    say("%s: %s" % (state, message))
    given = {"order": order, "state": state, "message": message[:1000], "packageManager": PACKAGE_MANAGER}
    text = json.dumps(given)
    return lambda: call("PATCH", NODE, {"metadata": {"annotations": {ANSWER: text}}})


# The end of an order. The API may be away for a moment: it was this machine's that was restarted.
def answer(order, state, message):
    wait_until_well("the API", tell(order, state, message))


# Who waits for the machine sees the step that it is at; a step is not held up by an API that is away.
def step(order, message):
    try:
        tell(order, "working", message)()
    except (OSError, http.client.HTTPException) as error:
        print(error, flush=True)


def output(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    text = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0:
        print(text, flush=True)
        last = text.splitlines()[-1] if text else "no output"
        raise Failed("%s: %s" % (" ".join(command), last))
    return text


def run(*command):
    print(output(*command), flush=True)


def wait_until_well(what, look, patience=PATIENCE):
    end = time.time() + patience
    while True:
        try:
            return look()
        except Hopeless:
            raise
        except (Failed, OSError, http.client.HTTPException) as error:
            if time.time() > end:
                raise Failed("%s is not well after %s s: %s" % (what, patience, error))
        time.sleep(1)


def kubelet_is_well():
    proxyless = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with proxyless.open(HEALTHZ, timeout=5) as health:
        health.read()


# The last line of a log that tells of an error.
def last_error(log, about):
    lines = log.splitlines()
    told = [line for line in lines if re.search(about, line)]
    found = re.search('err="(.*)"', told[-1]) if told else None
    return found.group(1) if found else (told or lines or ["no output"])[-1]


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


# systemd starts it again and again: one that waits for that has ended.
def restart_kubelet():
    def look():
        if "auto-restart" in output("systemctl", "show", "--property", "SubState", "kubelet"):
            ask = ["journalctl", "--unit", "kubelet", "--lines", "50", "--output", "cat"]
            raise Hopeless("the kubelet did not start: %s" % last_error(output(*ask), "command failed"))
        kubelet_is_well()

    run("systemctl", "restart", "kubelet")
    wait_until_well("the kubelet", look)


def trust():
    # --fresh, or a certificate that was taken away stays trusted.
    if subprocess.call("command -v update-ca-certificates", shell=True, stdout=subprocess.DEVNULL) == 0:
        run("update-ca-certificates", "--fresh")
    else:
        run("update-ca-trust", "extract")


def pod_of(manifest):
    return json.loads(output("kubectl", "patch", "--local", "--filename", manifest, "--patch", "{}", "--output", "json"))


# `present` with the wanted items in place of those that they and `absent` name.
def with_items(present, wanted, name_of, absent=()):
    names = [name_of(item) for item in wanted]
    if all(item in present for item in wanted) and not any(name_of(item) in absent for item in present):
        return present
    return [item for item in present if name_of(item) not in names and name_of(item) not in absent] + wanted


# What the manifest becomes; None where it is so already.
def wanted_manifest(settings):
    pod = pod_of(MANIFEST)
    was = json.dumps(pod)
    spec, container = pod["spec"], pod["spec"]["containers"][0]

    def flag(argument):
        return argument.split("=")[0]

    def name(item):
        return item["name"]

    container["command"] = with_items(container["command"], settings["command"], flag, settings["absent"])
    container["env"] = with_items(container.get("env", []), settings["env"], name)
    container["volumeMounts"] = with_items(container["volumeMounts"], settings["volumeMounts"], name)
    spec["volumes"] = with_items(spec["volumes"], settings["volumes"], name)
    text = json.dumps(pod)
    if text == was:
        return None
    to_yaml = ["kubectl", "patch", "--local", "--filename", "-", "--patch", "{}", "--output", "yaml"]
    return {"content": output(*to_yaml, input=text.encode()) + "\n", "mode": "0600"}


def running_api_servers():
    return output("crictl", "ps", "--quiet", "--name", "^kube-apiserver$").split()


# Those whose manifest is another now. By themselves they close their port at once, and then wait half a minute for
# watches that nobody ends.
def end_api_servers(names, seconds=5):
    for name in names:
        subprocess.call(["crictl", "stop", "--timeout", str(seconds), name])


# kubeadm writes the manifests one after the other, etcd's first. While etcd is away, the API server beside it answers
# nobody, but keeps its clients: kubelets, which renew no lease then and seem lost a minute later, and this machine's
# own, which begins no new etcd before it has an answer (34 s). So it is ended as soon as etcd is.
class ReplacedPods:
    def __init__(self):
        self.manifests = {path: current(path) for path in (ETCD, MANIFEST)}
        self.serving = []

    def look(self):
        if not is_control_plane():
            return
        if self.is_another(ETCD) and not output("crictl", "ps", "--quiet", "--name", "^etcd$"):
            end_api_servers(self.serving, 0)
            self.manifests[ETCD] = current(ETCD)
        if self.is_another(MANIFEST):
            end_api_servers(self.serving)
            self.manifests[MANIFEST] = current(MANIFEST)
        self.serving = running_api_servers()

    def is_another(self, path):
        return current(path) != self.manifests[path]


# The API servers of this machine that were started with `value`: id -> state.
def started_with(value):
    found = {}
    for name in output("crictl", "ps", "--all", "--quiet", "--name", "^kube-apiserver$").split():
        try:
            shown = json.loads(output("crictl", "inspect", name))
        except Failed:
            continue  # The kubelet has removed it.
        environment = dict(item.split("=", 1) for item in shown["info"]["runtimeSpec"]["process"]["env"])
        if environment.get(VARIABLE) == value:
            found[name] = shown["status"]["state"]
    return found


def complaint(container, about):
    return last_error(output("crictl", "logs", "--tail", "200", container), about)


# It is well when it runs with what the manifest says, and is ready. One that has ended twice will not come.
def wait_for_api_server():
    environment = pod_of(MANIFEST)["spec"]["containers"][0].get("env", [])
    value = {item["name"]: item["value"] for item in environment if "value" in item}.get(VARIABLE)
    before = wait_until_well("containerd", lambda: started_with(value))
    ended = [name for name, state in before.items() if state == "CONTAINER_EXITED"]
    allowed = len(ended) + 1

    def look():
        states = started_with(value)
        ended.extend(name for name, state in states.items() if state == "CONTAINER_EXITED" and name not in ended)
        if len(ended) > allowed:
            raise Hopeless("the API server did not start: %s" % complaint(ended[-1], "^Error: |command failed"))
        if "CONTAINER_RUNNING" not in states.values():
            raise Failed("it has not started with the new settings")
        call("GET", "/readyz", host=own_api(), timeout=10)

    wait_until_well("the API server", look, API_PATIENCE)
    wait_until_well("the kubelet", kubelet_is_well)


def start_api_server():
    wanted = wanted_manifest(json.loads(current(SETTINGS)["content"]))
    if not wanted:
        wait_for_api_server()
        return
    with HandedOver():
        running = running_api_servers()
        lay(MANIFEST, wanted)
        end_api_servers(running)
        wait_for_api_server()


# Of an API server that was started after the file was laid nothing is asked: it began with it.
def wait_for_authentication():
    laid = os.stat(AUTHENTICATION).st_mtime
    ask = ["kubectl", "--kubeconfig", ADMIN, "--server", "https://" + own_api(), "--request-timeout", "30s"]

    def look():
        metrics = output(*ask, "get", "--raw", "/metrics")

        def newest(metric):
            return max([float(value) for value in re.findall("(?m)^%s (.*)$" % metric, metrics)] or [0])

        read = "%s{.*status=\"%%s\".*}" % RELOADED
        if laid <= max(newest(read % "success"), newest("process_start_time_seconds")):
            return
        if laid <= newest(read % "failure"):
            running = running_api_servers()
            told = complaint(running[0], "failed to .* authentication config") if running else "no log"
            raise Hopeless("the API server refuses %s: %s" % (AUTHENTICATION, told))
        raise Failed("it has not read %s" % AUTHENTICATION)

    wait_until_well("the API server", look, API_PATIENCE)


def read_units():
    run("systemctl", "daemon-reload")


# A machine that an older program created does not have them.
def start_timers():
    read_units()
    for path in recorded():
        if path.endswith(".timer"):
            run("systemctl", "enable", os.path.basename(path))
            run("systemctl", "restart", os.path.basename(path))


def is_control_plane():
    return os.path.exists(MANIFEST)


# "v1.36.3", or None where the machine is not told.
def wanted_version():
    return "v" + variables(KUBERNETES)["KUBERNETES_VERSION"] if os.path.exists(KUBERNETES) else None


def kubelet_version():
    return output("kubelet", "--version").split()[-1]


# Of a component's manifest: "v1.36.3".
def version_of(manifest):
    found = re.search("image: .*:(v[^\\s@]+)", manifest)
    return found and found.group(1)


# kubeadm is the first to be installed, and the kubelet the last.
def is_upgraded():
    versions = {kubelet_version()} | ({version_of(current(MANIFEST)["content"])} if is_control_plane() else set())
    return versions == {wanted_version()} and not os.path.exists(APPLYING)


# Packages of Kubernetes by their names, at the wanted version.
def packages(names, *more):
    wanted = variables(KUBERNETES)["KUBERNETES_PACKAGES"].split()
    chosen = [package for package in wanted if re.split("[=-]", package)[0] in names]
    # dnf's index of yesterday does not know a version of today.
    more += () if PACKAGE_MANAGER == "apt" else ("--refresh",)
    environment = dict(os.environ, **(variables(PROXY) if os.path.exists(PROXY) else {}))
    print(output(BIN + "/install-packages.sh", *more, *chosen, env=environment), flush=True)


def download_packages():
    if is_upgraded():
        return
    for folder in ("/usr", "/var/lib"):
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < ROOM:
            raise Failed("%s has less than %.1f GiB free, which another version needs" % (folder, ROOM / (1 << 30)))
    packages(PACKAGES, "--download-only" if PACKAGE_MANAGER == "apt" else "--downloadonly")


# The pods leave only when nothing else is known to stand in the way.
def wait_until_drained():
    if is_upgraded():
        return

    def annotations():
        return wait_until_well("the API", lambda: json.load(call("GET", NODE)))["metadata"]["annotations"]

    end, given = time.time() + DRAIN_PATIENCE, annotations()
    if given.get(DRAINED) != given[ORDER]:
        answer(given[ORDER], "drain", "waiting until `up` has taken the pods off")
    while given.get(DRAINED) != given[ORDER]:
        if time.time() > end:
            raise Failed("`up` has not taken the pods off within %s s" % DRAIN_PATIENCE)
        time.sleep(2)
        given = annotations()


# With a virtual IP, whoever has it hands it over before its API server stops: its clients lose a moment, not the
# seconds until a check has failed. A machine alone keeps it.
class HandedOver:
    def __enter__(self):
        peers = current(PEERS)
        shared = peers is not None and len(peers["content"].splitlines()) > 1
        self.hands_over = shared and bool(variables(ETC + "/bootstrap.env").get("VIRTUAL_IP"))
        if self.hands_over:
            run("systemctl", "stop", "keepalived")

    def __exit__(self, *_):
        if self.hands_over:
            run("systemctl", "start", "keepalived")


def cluster_version():
    ask = ["kubectl", "--kubeconfig", ADMIN, "--request-timeout", "30s", "--namespace", "kube-system"]
    document = output(*ask, "get", "configmap", "kubeadm-config", "--output", "jsonpath={.data.ClusterConfiguration}")
    return re.search("(?m)^kubernetesVersion: *(\\S+)$", document).group(1)


# The first machine upgrades what the cluster has in common too; a snapshot of etcd is taken before.
def upgrade_with_kubeadm():
    wanted = wanted_version()
    if is_upgraded():
        return
    packages(["kubeadm"])
    if not is_control_plane():
        kubeadm("node")
        return
    if cluster_version() != wanted:
        run("systemctl", "start", "openstack-kubernetes-snapshot.service")
        lay(APPLYING, {"content": wanted, "mode": "0600"})
    with HandedOver():
        if (current(APPLYING) or {}).get("content") == wanted:
            kubeadm("apply", wanted, "--yes")
            lay(APPLYING, None)
        else:
            kubeadm("node")
        wait_until_well("the API server", lambda: call("GET", "/readyz", host=own_api(), timeout=10), API_PATIENCE)


# kubeadm puts a component back that does not start, and its containers go with it: their last words are read meanwhile.
def kubeadm(*command):
    # A timer renews certificates. Ignored: a Job that must end within a minute on any node, where `up` has looked at
    # the nodes; and control groups v1, which the check of the system refuses although the kubelet is told to take them.
    ignored = "CreateJob" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "CreateJob,SystemVerification"
    command = ("kubeadm", "upgrade") + command + ("--certificate-renewal=false", "--ignore-preflight-errors", ignored)
    if os.path.isdir(PATCHES):
        command += ("--patches", PATCHES)
    known, complaints, replaced = set(ended_api_servers()), [], ReplacedPods()
    with open(KUBEADM_LOG, "w") as log:
        running = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        while running.poll() is None:
            try:
                replaced.look()
                for name in ended_api_servers():
                    if name not in known:
                        complaints.append(complaint(name, "^Error: |command failed"))
                        known.add(name)
            except Failed as error:
                print(error, flush=True)
            time.sleep(1)
    with open(KUBEADM_LOG) as log:
        text = log.read()
    print(text, flush=True)
    if running.returncode != 0:
        told = last_error(text.strip(), "^error|FATAL|\\[ERROR ")
        more = "; the API server said: %s" % complaints[-1] if complaints else ""
        raise Failed("%s: %s%s" % (" ".join(command[:3]), told, more))


def ended_api_servers():
    return output("crictl", "ps", "--all", "--quiet", "--state", "Exited", "--name", "^kube-apiserver$").split()


# As bootstrap.sh: kubeadm and the packages leave them readable to everybody.
def protect_files():
    unit = "/systemd/system/kubelet.service"
    patterns = ["/var/lib/kubelet/*.yaml", "/var/lib/kubelet/*.env"]
    patterns += [folder + unit + end for folder in ("/etc", "/usr/lib") for end in ("", ".d/*.conf")]
    for path in [path for pattern in patterns for path in glob.glob(ROOT + pattern)]:
        os.chmod(path, 0o600)


# After kubeadm, which takes away what a newer kubelet does not know. With the previous files: the previous version.
def install_kubelet():
    if wanted_version() in (None, kubelet_version()):
        return
    packages(PACKAGES)
    protect_files()
    run("systemctl", "daemon-reload")


# In the order in which they are done. Last is what is done with the previous files; None: nothing. An API server that
# refuses an authentication configuration goes on with the previous one.
STEPS = [
    ("trust", "reading the trusted CAs", trust, trust),
    ("containerd", "restarting containerd", restart_containerd, restart_containerd),
    ("download", "downloading Kubernetes", download_packages, None),
    ("drain", "waiting until the node may be upgraded", wait_until_drained, None),
    ("kubeadm", "upgrading Kubernetes", upgrade_with_kubeadm, None),
    ("packages", "installing the kubelet", install_kubelet, install_kubelet),
    ("kubelet", "restarting the kubelet", restart_kubelet, restart_kubelet),
    ("authentication", "waiting for the API server to read its authentication", wait_for_authentication, None),
    ("apiServer", "starting the API server", start_api_server, wait_for_api_server),
    ("timer", "starting timers", start_timers, read_units),
]
# What a changed file asks for: the word that stands beside it. A running containerd keeps the CAs that it began with.
ASKED = {
    "nothing": [],
    "containerd": ["containerd"],
    "trust": ["trust", "containerd"],
    "kubelet": ["kubelet"],
    "authentication": ["authentication"],
    "apiServer": ["apiServer"],
    "timer": ["timer"],
    "kubernetes": ["download", "drain", "kubeadm", "packages", "kubelet"],
}


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
    # The kubelet takes every file of its manifests for a pod, but for those that begin with a dot.
    part = "%s/.%s.part" % os.path.split(path)
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

    changed = {path: file for path, file in wanted.items() if differs(path, file)}
    # A machine that joins takes its manifest from the cluster, which may be behind.
    if wanted.get(SETTINGS) and os.path.exists(MANIFEST):
        manifest = wanted_manifest(json.loads(wanted[SETTINGS]["content"]))
        if manifest:
            changed[MANIFEST] = manifest
    # A machine of an older program has a kubelet that does not read it.
    flags = current(FLAGS)
    if KUBELET in wanted and flags and "--config-dir=" not in flags["content"]:
        text = re.sub('"(\\s*)$', ' --config-dir=%s"\\1' % os.path.dirname(KUBELET), flags["content"])
        changed[FLAGS] = dict(flags, content=text)
    return changed


# `begun` takes the names of the steps that were begun.
def do_steps(asked, order, begun):
    for name, title, work, _ in STEPS:
        if name in asked:
            step(order, title)
            begun.add(name)
            work()


# The record follows the other files, and is of no interest to people.
def shown(paths):
    return ", ".join(sorted(path for path in paths if path != RECORD)) or RECORD


# Returns what was done, for people. Raises Failed when the machine is not well with the new files; then it has the
# previous ones again.
def lay_files(order, files):
    changes = {file["path"]: file["change"] for file in files}
    changes.update({MANIFEST: "apiServer", FLAGS: "kubelet"})
    changed = differences(files)
    before = journal()
    if not changed and before is None:
        return "nothing had to be changed"
    # A journal that is there is of a change that was cut short: what it holds was there before, and what it asks for
    # may not have been done.
    started = before or {"files": {}, "asked": []}
    was = recorded()
    asked = {name for path in changed for name in ASKED[changes.get(path) or was[path]]}
    # kubeadm has written the manifest again.
    if "kubeadm" in asked and is_control_plane():
        asked.add("apiServer")
    started["asked"] = sorted(asked.union(started["asked"]))
    for path in changed:
        started["files"].setdefault(path, current(path))
    lay(JOURNAL, {"content": json.dumps(started), "mode": "0600"})
    step(order, "laying %s" % shown(changed) if changed else "going on after an interruption")
    begun = set(before["asked"] if before else [])
    try:
        # The manifest is laid by its step, after whatever may be refused.
        for path in sorted(changed, key=lambda path: path == RECORD):
            if path != MANIFEST:
                lay(path, changed[path])
        do_steps(started["asked"], order, begun)
    except (Failed, OSError) as error:
        raise Failed("%s; %s" % (error, put_back(order, started, begun)))
    lay(JOURNAL, None)
    done = [title for name, title, _, _ in STEPS if name in started["asked"]]
    return "changed %s; %s" % (shown(started["files"]), ", ".join(done) or "nothing was restarted")


# A control plane does not go back to an older version; only our part of the manifest does.
def previous_manifest(was):
    settings = current(SETTINGS)
    if version_of(was["content"]) == version_of(current(MANIFEST)["content"]) or settings is None:
        return was
    return wanted_manifest(json.loads(settings["content"])) or current(MANIFEST)


def put_back(order, started, begun):
    try:
        for path, was in sorted(started["files"].items(), key=lambda item: item[0] == MANIFEST):
            lay(path, previous_manifest(was) if path == MANIFEST else was)
        for name, title, _, work in STEPS:
            if name in begun and work:
                step(order, title + " with the previous files")
                work()
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
        except (Failed, OSError, http.client.HTTPException) as error:
            sys.exit("openstack-kubernetes: files: %s" % error)
