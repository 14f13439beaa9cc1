#!/usr/bin/env python3
# Answers the requests of kubelets for serving certificates, on every machine of the control plane
# (docs/decisions/0008). A node gets its own name and the addresses of its own Node. It never gets what the API goes by
# (the addresses in this API server's certificate, the endpoint, the control-plane machines) or what another Node has: a
# kubelet writes the addresses of its Node itself. One whose request is denied asks again within half a minute. Python
# 3.6 (RHEL 8) must understand it.
import base64
import ipaddress
import json
import subprocess

ETC = "/etc/openstack-kubernetes"
API_CERTIFICATE = "/etc/kubernetes/pki/apiserver.crt"
KUBELET = "/var/lib/kubelet/config.yaml"
USER = "system:node:"
EXTENSION_REQUEST = bytes.fromhex("2a864886f70d01090e")
ALTERNATIVE_NAMES = bytes.fromhex("551d11")
ORGANISATION, COMMON_NAME = bytes.fromhex("55040a"), bytes.fromhex("550403")


# Not what a kubelet of this cluster may ask for.
class Refused(Exception):
    pass


def lines_of(path):
    with open(path) as lines:
        return [line.strip() for line in lines if line.strip()]


ENVIRONMENT = dict(line.split("=", 1) for line in lines_of(ETC + "/bootstrap.env") if "=" in line)
API = "https://127.0.0.1:" + ENVIRONMENT["API_PORT"].strip("'")


def kubectl(*words):
    command = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--server", API, "--request-timeout", "30s"]
    return subprocess.run(command + list(words), stdout=subprocess.PIPE, check=True).stdout


# The elements (tag, content) of which some DER consists.
def elements(der):
    found = []
    while der:
        if len(der) < 2:
            raise Refused("it is cut short")
        tag, length, start = der[0], der[1], 2
        if length >= 0x80:
            start = 2 + length - 0x80
            length = int.from_bytes(der[2:start], "big")
        if len(der) < start + length:
            raise Refused("it is cut short")
        found.append((tag, der[start : start + length]))
        der = der[start + length :]
    return found


# The content of the only element of some DER, which has this tag.
def only(tag, der):
    found = elements(der)
    if [found_tag for found_tag, _ in found] != [tag]:
        raise Refused("it has a form that no kubelet writes")
    return found[0][1]


def der_of(pem, what):
    begin, end = "-----BEGIN %s-----" % what, "-----END %s-----" % what
    text = pem.strip()
    if not (text.startswith(begin) and text.endswith(end)) or text.count("-----BEGIN") != 1:
        raise Refused("it is no %s" % what)
    return base64.b64decode(text[len(begin) : -len(end)])


# DNS names and addresses of an extension (RFC 5280, 4.2.1.6).
def names_in(extension):
    names, addresses = [], []
    for tag, content in elements(only(0x30, extension)):
        if tag == 0x82:
            names.append(content.decode("latin1"))
        elif tag == 0x87 and len(content) in (4, 16):
            addresses.append(str(ipaddress.ip_address(content)))
        else:
            raise Refused("it has an alternative name of another kind")
    return names, addresses


# Who a request (PEM of PKCS #10, RFC 2986) is for: its names and addresses. It says nothing else.
def asked_by(request, user):
    info = elements(only(0x30, der_of(request, "CERTIFICATE REQUEST")))[0][1]
    _, (_, subject), _, (_, attributes) = elements(info)
    said = sorted(tuple(content for _, content in elements(only(0x30, part))) for _, part in elements(subject))
    if said != [(COMMON_NAME, user.encode()), (ORGANISATION, b"system:nodes")]:
        raise Refused("its subject is not " + user)
    (_, kind), (_, values) = elements(only(0x30, attributes))
    extensions = elements(only(0x30, values))
    if kind != EXTENSION_REQUEST or len(extensions) != 1:
        raise Refused("it asks for more than alternative names")
    parts = [content for _, content in elements(extensions[0][1])]
    if parts[0] != ALTERNATIVE_NAMES:
        raise Refused("it asks for more than alternative names")
    return names_in(parts[-1])


# The addresses in this API server's certificate: the endpoint, itself, and the API's address in the cluster.
def api_addresses():
    with open(API_CERTIFICATE) as file:
        info = elements(only(0x30, der_of(file.read(), "CERTIFICATE")))[0][1]
    extensions = [content for tag, content in elements(info) if tag == 0xA3][0]
    for _, extension in elements(only(0x30, extensions)):
        parts = [content for _, content in elements(extension)]
        if parts[0] == ALTERNATIVE_NAMES:
            return names_in(parts[-1])[1]
    return []


def judge(request, nodes, control_plane, reserved):
    user = request["spec"]["username"]
    name = user[len(USER) :]
    if not user.startswith(USER) or "system:nodes" not in request["spec"].get("groups", []):
        raise Refused("%s is no node" % user)
    names, addresses = asked_by(base64.b64decode(request["spec"]["request"]).decode("latin1"), user)
    for other in names:
        if other != name:
            raise Refused("it asks for the name " + other)
    for address in addresses:
        if address in reserved and control_plane.get(name) != address:
            raise Refused("it asks for %s, where the API is reached" % address)
        if address not in nodes.get(name, []):
            raise Refused("it asks for %s, which its Node does not have" % address)
        if any(address in nodes[other] for other in nodes if other != name):
            raise Refused("it asks for %s, which another Node has too" % address)


def main():
    if "serverTLSBootstrap: true" not in lines_of(KUBELET):
        return
    signer = "spec.signerName=kubernetes.io/kubelet-serving"
    listed = json.loads(kubectl("get", "csr", "--field-selector", signer, "-o", "json").decode())["items"]
    requests = [request for request in listed if not request.get("status", {}).get("conditions")]
    if not requests:
        return
    nodes = {
        node["metadata"]["name"]: [
            address["address"]
            for address in node.get("status", {}).get("addresses", [])
            if address["type"] in ("InternalIP", "ExternalIP")
        ]
        for node in json.loads(kubectl("get", "nodes", "-o", "json").decode())["items"]
    }
    control_plane = dict(line.split(" ", 1) for line in lines_of(ETC + "/peers"))
    endpoint = ENVIRONMENT["ENDPOINT"].strip("'").rsplit(":", 1)[0]
    reserved = set([endpoint] + api_addresses() + list(control_plane.values()))
    for request in requests:
        name = request["metadata"]["name"]
        verdict, reason = "approve", ""
        try:
            judge(request, nodes, control_plane, reserved)
        except (Refused, ValueError, IndexError) as error:
            verdict, reason = "deny", str(error) or "it cannot be read"
        try:
            kubectl("certificate", verdict, name)
        except subprocess.CalledProcessError:
            # Another machine of the control plane was faster.
            continue
        print("<4>%s of %s: %s%s" % (name, request["spec"]["username"], verdict, reason and ", because " + reason))


main()
