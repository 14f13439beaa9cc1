#!/usr/bin/env python3
# Sends encrypted snapshots of etcd to a bucket (docs/decisions/0053). Runs every minute on every control-plane machine
# and mostly finds nothing to do. One machine at a time, by a Lease; another Lease records the last backup that was
# verified. What could not be sent waits as a mark beside its local snapshot, whose number and size snapshot-etcd.sh
# limits. Python 3.6 (RHEL 8) must understand it.
import base64
import calendar
import datetime
import glob
import hashlib
import hmac
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

ADMIN = "/etc/kubernetes/admin.conf"
PKI = "/etc/kubernetes/pki"
SNAPSHOTS = "/var/backups/etcd"
SETTINGS = "openstack-kubernetes-files-backup"
TURN = "openstack-kubernetes-backup"
LAST = "openstack-kubernetes-last-backup"
ABOUT = "openstack-kubernetes/"
# Seconds after which systemd ends this program (systemdUnits.ts), and so how long a turn lasts at most.
TURN_SECONDS = 3600
# Seconds between two attempts after a failure.
PAUSE = 300
# Bytes of a part: it is held in memory, and every S3 server takes it as one object.
PART = 64 << 20
STAMP = "%Y%m%dT%H%M%SZ"
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
    return done.stdout


def kubectl(*args, **more):
    server = "https://127.0.0.1:" + setting("API_PORT")
    common = ["--kubeconfig", ADMIN, "--server", server, "--request-timeout", "30s", "-n", "kube-system"]
    return output("kubectl", *(common + list(args)), **more)


def find(kind, name):
    text = kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
    return json.loads(text.decode()) if text.strip() else None


def now():
    return int(time.time())


# Of a Lease: with microseconds, as the API wants it.
def micro_time(seconds):
    return datetime.datetime.utcfromtimestamp(seconds).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def seconds_of(text, form="%Y-%m-%dT%H:%M:%S"):
    return calendar.timegm(time.strptime(text[:19] if form != STAMP else text, form))


# False where another machine has the turn. The API refuses a Lease that somebody else has written meanwhile.
def take_turn():
    lease = find("lease", TURN)
    spec = lease["spec"] if lease else {}
    holder = spec.get("holderIdentity")
    if holder not in (None, "", NAME) and seconds_of(spec["renewTime"]) + spec["leaseDurationSeconds"] > now():
        return False
    wanted = {"holderIdentity": NAME, "leaseDurationSeconds": TURN_SECONDS, "renewTime": micro_time(now())}
    verb = "replace" if lease else "create"
    lease = lease or new_lease(TURN)
    lease["spec"] = dict(spec, **wanted)
    try:
        kubectl(verb, "-f", "-", input=json.dumps(lease).encode())
    except Failed as error:
        if re.search(r"\((Conflict|AlreadyExists)\)|has been modified", str(error)):
            return False
        raise
    return True


def new_lease(name):
    metadata = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


def end_turn():
    kubectl("patch", "lease", TURN, "--type=merge", "-p", json.dumps({"spec": {"holderIdentity": ""}}))


# `changes` of the record's annotations, None takes one away; `sent` is the time of a snapshot that is in the bucket.
# Only the machine whose turn it is writes.
def record(changes, sent=None):
    if find("lease", LAST) is None:
        kubectl("create", "-f", "-", input=json.dumps(new_lease(LAST)).encode())
    patch = {"metadata": {"annotations": {ABOUT + key: value for key, value in changes.items()}}}
    if sent is not None:
        patch["spec"] = {"renewTime": micro_time(sent), "holderIdentity": NAME}
    kubectl("patch", "lease", LAST, "--type=merge", "-p", json.dumps(patch))


# A bucket of an S3 server, addressed by path. Requests are signed with Signature Version 4, payload included, so that
# the server refuses what arrives otherwise than it was sent.
class Bucket:
    def __init__(self, settings):
        self.settings = settings

    def call(self, method, key, body=b"", query=()):
        settings = self.settings
        url = urllib.parse.urlsplit(settings["endpoint"])
        path = url.path.rstrip("/") + "/" + settings["bucket"] + ("/" + key if key else "")
        path = urllib.parse.quote(path, safe="/-_.~")
        query = "&".join("%s=%s" % (name, urllib.parse.quote(value, safe="-_.~")) for name, value in sorted(query))
        stamp = time.strftime(STAMP, time.gmtime())
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": url.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
        names = ";".join(sorted(headers))
        lines = "".join("%s:%s\n" % (name, headers[name]) for name in sorted(headers))
        request = "\n".join([method, path, query, lines, names, digest])
        scope = "/".join([stamp[:8], settings["region"], "s3", "aws4_request"])
        signed = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = ("AWS4" + settings["secretAccessKey"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            settings["accessKeyId"],
            scope,
            names,
            signature,
        )
        headers["Content-Type"] = "application/octet-stream"
        where = "%s://%s%s%s" % (url.scheme, url.netloc, path, "?" + query if query else "")
        data = body if method == "PUT" else None
        try:
            with urllib.request.urlopen(
                urllib.request.Request(where, data=data, headers=headers, method=method), timeout=60
            ) as answer:
                return answer.status, dict((name.lower(), value) for name, value in answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {}, error.read()
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise Failed("%s does not answer: %s" % (settings["endpoint"], reason))

    def expect(self, what, answer):
        status, headers, body = answer
        if status // 100 != 2:
            code = re.search(b"<Code>([^<]*)</Code>", body)
            told = " (%s)" % code.group(1).decode(errors="replace") if code else ""
            raise Failed("bucket %s refuses %s: HTTP %s%s" % (self.settings["bucket"], what, status, told))
        return headers, body

    # A credential that may only write cannot look: then the server's answer, which has compared the digest, is all.
    def put(self, key, body):
        self.expect("to write " + key, self.call("PUT", key, body))
        answer = self.call("HEAD", key)
        if answer[0] == 403:
            return
        headers, _ = self.expect("to show " + key, answer)
        if headers.get("content-length") != str(len(body)):
            raise Failed("%s has %s bytes in the bucket, not %d" % (key, headers.get("content-length"), len(body)))

    def names(self, prefix):
        token = None
        while True:
            query = [("list-type", "2"), ("prefix", prefix)]
            if token:
                query.append(("continuation-token", token))
            _, body = self.expect("to list", self.call("GET", "", query=query))
            tree = xml.etree.ElementTree.fromstring(body)
            space = tree.tag.split("}")[0] + "}" if tree.tag.startswith("{") else ""
            for key in tree.iter(space + "Key"):
                yield key.text
            token = tree.findtext(space + "NextContinuationToken")
            if not token:
                return

    def delete(self, key):
        self.expect("to delete " + key, self.call("DELETE", key))


# What is encrypted goes through a pipe: neither it nor the key is ever on a disk.
def encrypted(snapshot, passphrase):
    reading, writing = os.pipe()
    command = ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-md", "sha256", "-salt", "-pass", "fd:%d" % reading]
    with open(snapshot, "rb") as plain:
        process = subprocess.Popen(command, stdin=plain, stdout=subprocess.PIPE, pass_fds=[reading])
    os.close(reading)
    os.write(writing, passphrase + b"\n")
    os.close(writing)
    while True:
        part = process.stdout.read(PART)
        if not part:
            break
        yield part
    if process.wait() != 0:
        raise Failed("openssl did not encrypt " + snapshot)


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


# The passphrase, for whoever has the recipient's private key.
def sealed(passphrase, settings):
    with tempfile.NamedTemporaryFile(suffix=".crt") as recipient:
        recipient.write(settings["recipient"].encode())
        recipient.flush()
        command = ["openssl", "cms", "-encrypt", "-binary", "-outform", "PEM", "-aes256", "-recip", recipient.name]
        return output(*(command + settings["keyOptions"]), input=passphrase).decode()


# Signed with the key of the cluster's CA: by it a restore knows the cluster, and that nobody else made the backup.
def signed(manifest):
    command = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-nocerts", "-outform", "PEM", "-md", "sha256"]
    command += ["-signer", PKI + "/ca.crt", "-inkey", PKI + "/ca.key"]
    return output(*command, input=json.dumps(manifest, sort_keys=True).encode())


def send(snapshot, version, settings):
    bucket = Bucket(settings)
    taken = re.search(r"snapshot-(\w+)\.db$", snapshot).group(1)
    name = "_".join([taken, settings["cluster"], version])
    passphrase = base64.b64encode(os.urandom(32))
    parts = []
    for part in encrypted(snapshot, passphrase):
        key = "%s%s/part-%04d" % (settings["prefix"], name, len(parts))
        bucket.put(key, part)
        parts.append(hashlib.sha256(part).hexdigest())
    manifest = {
        "cluster": settings["cluster"],
        "kubernetesVersion": version,
        "taken": taken,
        "machine": NAME,
        "size": os.path.getsize(snapshot),
        "sha256": digest_of(snapshot),
        "parts": parts,
        "recipient": settings["recipient"],
        "key": sealed(passphrase, settings),
    }
    # The last object: a backup without it is not whole.
    bucket.put("%s%s/manifest" % (settings["prefix"], name), signed(manifest))
    return name, manifest


def delete_old(settings):
    if not settings.get("keepDays"):
        return
    bucket = Bucket(settings)
    form = re.escape(settings["prefix"]) + r"(\d{8}T\d{6}Z)_%s_[^/_]+/" % re.escape(settings["cluster"])
    found = [(key, re.match(form, key)) for key in bucket.names(settings["prefix"])]
    ours = [(match.group(1), key) for key, match in found if match]
    whole = [taken for taken, key in ours if key.endswith("/manifest")]
    limit = time.strftime(STAMP, time.gmtime(now() - settings["keepDays"] * 86400))
    # The newest whole one stays, however old it is; a manifest goes before its parts.
    for taken, key in sorted(ours, key=lambda item: not item[1].endswith("/manifest")):
        if taken < min([limit] + [max(whole or [limit])]):
            bucket.delete(key)


def take_snapshot():
    version = json.loads(kubectl("get", "--raw", "/version").decode())["gitVersion"]
    output("systemctl", "start", "openstack-kubernetes-snapshot.service")
    newest = max(glob.glob(SNAPSHOTS + "/snapshot-*.db"))
    with open(newest + ".unsent", "w") as mark:
        mark.write(version)


# Those of this machine that are not in the bucket, newest first. A mark outlives a snapshot that made room.
def unsent():
    for mark in sorted(glob.glob(SNAPSHOTS + "/snapshot-*.db.unsent"), reverse=True):
        if os.path.exists(mark[: -len(".unsent")]):
            yield mark
        else:
            os.remove(mark)


def back_up(settings, last):
    about = last["metadata"].get("annotations", {})
    newest = about.get(ABOUT + "name", "").split("_")[0]
    if due(settings, about):
        record({"taken": time.strftime(STAMP, time.gmtime())})
        take_snapshot()
    for mark in list(unsent()):
        with open(mark) as file:
            version = file.read()
        name, manifest = send(mark[: -len(".unsent")], version, settings)
        os.remove(mark)
        print("openstack-kubernetes: sent backup " + name, flush=True)
        if manifest["taken"] > newest:
            newest = manifest["taken"]
            record({"name": name, "size": str(manifest["size"])}, seconds_of(newest, STAMP))
    delete_old(settings)
    record({"failure": None, "failed": None})


def due(settings, about):
    taken = about.get(ABOUT + "taken")
    return taken is None or now() - seconds_of(taken, STAMP) >= settings["intervalHours"] * 3600


def main():
    secret = find("secret", SETTINGS)
    if secret is None or not os.path.exists("/var/lib/openstack-kubernetes/joined"):
        return
    last = find("lease", LAST) or new_lease(LAST)
    settings = json.loads(base64.b64decode(secret["data"]["settings.json"]).decode())
    about = last["metadata"].get("annotations", {})
    failed = about.get(ABOUT + "failed")
    if failed and now() - seconds_of(failed, STAMP) < PAUSE:
        return
    if not (due(settings, about) or any(True for _ in unsent())) or not take_turn():
        return
    try:
        # Another machine may just have had its turn.
        back_up(settings, find("lease", LAST) or new_lease(LAST))
    except (Failed, OSError) as error:
        told = "%s: %s" % (NAME, error)
        record({"failure": told[:1000], "failed": time.strftime(STAMP, time.gmtime())})
        sys.exit("openstack-kubernetes: backup: " + told)
    finally:
        end_turn()


if __name__ == "__main__":
    main()
