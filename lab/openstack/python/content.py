"""Fills the lab's OpenStack with what a tenant finds in a cloud. Each part may be run again at any time.

content.py identity   roles, service users, endpoints; the tenant's project, user and application credential; clouds.yaml
content.py content    flavors, images, volume type, external network, availability zones; quotas (argument: JSON of name to limit)
"""

import json
import os
import sys

import openstack

ROOT = os.environ["LAB_ROOT"]
SECRETS = json.load(open(os.path.join(ROOT, "data", "secrets.json"), encoding="utf-8"))
KEYSTONE = "http://127.0.0.1:5000/v3"
REGION = "RegionOne"
PROJECT = "kubernetes"

SERVICES = {
    "glance": ("image", "http://127.0.0.1:9292"),
    "placement": ("placement", "http://127.0.0.1:8778"),
    "nova": ("compute", "http://127.0.0.1:8774/v2.1"),
    "neutron": ("network", "http://127.0.0.1:9696"),
    "cinder": ("volumev3", "http://127.0.0.1:8776/v3/%(project_id)s"),
    "octavia": ("load-balancer", "http://127.0.0.1:9876"),
}

# Name: vCPUs, memory in MiB, disk in GiB. Names and sizes that many clouds have, and the examples use.
FLAVORS = {
    "m1.small": (1, 2048, 20),
    "m1.medium": (2, 4096, 40),
    "m1.large": (4, 8192, 80),
    "m1.xlarge": (8, 16384, 160),
    "m1.2xlarge": (16, 32768, 160),
}

# Name: properties that images of public clouds carry. Their content is a placeholder: nothing boots from it.
IMAGES = {
    "debian-12": {"os_distro": "debian", "os_version": "12"},
    "ubuntu-24.04": {"os_distro": "ubuntu", "os_version": "24.04"},
    "rhel-8.10-x86_64-kvm": {"os_distro": "rhel", "os_version": "8.10"},
    "rhel-9.6-x86_64-kvm": {"os_distro": "rhel", "os_version": "9.6"},
}

EXTERNAL_NETWORK = "public"
EXTERNAL_CIDR, EXTERNAL_GATEWAY = "203.0.113.0/24", "203.0.113.1"  # TEST-NET-3 of RFC 5737
EXTERNAL_POOL = {"start": "203.0.113.10", "end": "203.0.113.250"}

# What a project of some size is given; three control-plane machines and a few dozen workers fit.
QUOTAS = {
    "compute": {"instances": 60, "cores": 240, "ram": 983_040, "server_groups": 20, "server_group_members": 50},
    "network": {
        "networks": 10,
        "subnets": 20,
        "routers": 5,
        "ports": 300,
        "floatingips": 20,
        "security_groups": 30,
        "security_group_rules": 300,
    },
    "volume": {"volumes": 100, "gigabytes": 10_000, "snapshots": 50},
    "loadbalancer": {"load_balancers": 10, "listeners": 50, "pools": 50, "members": 300, "health_monitors": 50},
}


def connect(user, project, password):
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth={
            "auth_url": KEYSTONE,
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        region_name=REGION,
        identity_api_version="3",
    )


def administrator():
    return connect("admin", "admin", SECRETS["password"])


def first(iterable, otherwise):
    """The first of what is there already, else what `otherwise` makes."""
    return next(iter(iterable), None) or otherwise()


def identity():
    keystone = administrator().identity

    def role(name):
        return first(keystone.roles(name=name), lambda: keystone.create_role(name=name))

    def project(name):
        return first(keystone.projects(name=name), lambda: keystone.create_project(name=name, domain_id="default"))

    def user(name, password, default_project):
        return first(
            keystone.users(name=name),
            lambda: keystone.create_user(
                name=name, password=password, domain_id="default", default_project_id=default_project.id
            ),
        )

    def grant(who, where, *names):
        for name in names:
            keystone.put(f"/projects/{where.id}/users/{who.id}/roles/{role(name).id}")

    service_project = project("service")
    have = {service.type: service for service in keystone.services()}
    for name, (kind, url) in SERVICES.items():
        grant(user(name, SECRETS["password"], service_project), service_project, "admin", "service")
        service = have.get(kind) or keystone.create_service(name=name, type=kind)
        endpoints = {endpoint.interface: endpoint for endpoint in keystone.endpoints(service_id=service.id)}
        for interface in ("public", "internal", "admin"):
            wanted = url.replace("127.0.0.1", os.environ["LAB_PUBLIC_HOST"]) if interface == "public" else url
            if interface not in endpoints:
                keystone.create_endpoint(service_id=service.id, interface=interface, url=wanted, region_id=REGION)
            elif endpoints[interface].url != wanted:
                keystone.update_endpoint(endpoints[interface], url=wanted)

    tenant = project(PROJECT)
    member = user(PROJECT, SECRETS["userPassword"], tenant)
    grant(member, tenant, "member", "load-balancer_member")
    grant(first(keystone.users(name="admin"), sys.exit), tenant, "admin")
    write_clouds(application_credential(member))


def application_credential(member):
    """The identifier of the tenant's application credential; its secret is the lab's, so that it can be created again."""
    session = connect(PROJECT, PROJECT, SECRETS["userPassword"]).session
    url = f"{KEYSTONE}/users/{member.id}/application_credentials"
    for credential in session.get(url).json()["application_credentials"]:
        if credential["name"] == "lab":
            return credential["id"]
    wish = {"name": "lab", "secret": SECRETS["passphrase"], "unrestricted": False}
    return session.post(url, json={"application_credential": wish}).json()["application_credential"]["id"]


def write_clouds(credential):
    def password(user, project, secret):
        return {
            "auth": {
                "auth_url": KEYSTONE,
                "username": user,
                "password": secret,
                "project_name": project,
                "user_domain_name": "Default",
                "project_domain_name": "Default",
            }
        }

    by_credential = {
        "auth_type": "v3applicationcredential",
        "auth": {
            "auth_url": KEYSTONE,
            "application_credential_id": credential,
            "application_credential_secret": SECRETS["passphrase"],
        },
    }
    clouds = {
        "lab": by_credential,
        "lab-password": password(PROJECT, PROJECT, SECRETS["userPassword"]),
        "lab-admin": password("admin", PROJECT, SECRETS["password"]),
    }
    for cloud in clouds.values():
        cloud.update({"region_name": REGION, "identity_api_version": 3})
    path = os.path.join(ROOT, "clouds.yaml")
    new = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(new, "w", encoding="utf-8") as file:
        json.dump({"clouds": clouds}, file, indent=2)  # JSON is YAML.
        file.write("\n")
    os.replace(path + ".new", path)


def content(wishes):
    cloud = administrator()
    flavors(cloud)
    images(cloud)
    external_network(cloud)
    volume_type(cloud)
    zones(cloud)
    quotas(cloud, wishes)


def flavors(cloud):
    have = {flavor.name for flavor in cloud.compute.flavors()}
    for name, (vcpus, ram, disk) in FLAVORS.items():
        if name not in have:
            cloud.compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk)


def images(cloud):
    for name, properties in IMAGES.items():
        found = list(cloud.image.images(name=name))
        for image in found:
            if image.status != "active":  # An upload that was interrupted.
                cloud.image.delete_image(image)
        if not any(image.status == "active" for image in found):
            cloud.image.create_image(
                name=name,
                data=b"nothing boots from this\n",
                disk_format="raw",
                container_format="bare",
                visibility="public",
                validate_checksum=False,
                **properties,
            )


def external_network(cloud):
    network = first(
        cloud.network.networks(name=EXTERNAL_NETWORK),
        lambda: cloud.network.create_network(
            name=EXTERNAL_NETWORK,
            is_router_external=True,
            provider_network_type="flat",
            provider_physical_network="outside",
        ),
    )
    first(
        cloud.network.subnets(network_id=network.id),
        lambda: cloud.network.create_subnet(
            network_id=network.id,
            name=EXTERNAL_NETWORK,
            ip_version=4,
            cidr=EXTERNAL_CIDR,
            gateway_ip=EXTERNAL_GATEWAY,
            is_dhcp_enabled=False,
            allocation_pools=[EXTERNAL_POOL],
        ),
    )


def volume_type(cloud):
    if not any(kind.name == "standard" for kind in cloud.block_storage.types()):
        cloud.block_storage.create_type(name="standard")


def zones(cloud):
    """One availability zone per hypervisor: az1, az2, az3."""
    hosts = sorted({service.host for service in cloud.compute.services(binary="nova-compute")})
    have = {aggregate.name: aggregate for aggregate in cloud.compute.aggregates()}
    for index, host in enumerate(hosts, start=1):
        name = f"az{index}"
        zone = have.get(name) or cloud.compute.create_aggregate(name=name, availability_zone=name)
        if host not in (zone.hosts or []):
            cloud.compute.add_host_to_aggregate(zone.id, host)


def quotas(cloud, wishes):
    """Sets the lab's own limits once, when the project has none yet, and whatever is wished each time."""
    project = first(cloud.identity.projects(name=PROJECT), sys.exit)
    marker = os.path.join(ROOT, "data", "done", "quotas")
    limits = {service: {} if os.path.exists(marker) else dict(names) for service, names in QUOTAS.items()}
    for name, value in wishes.items():
        service = next((service for service, names in QUOTAS.items() if name in names), None)
        if service is None:
            known = ", ".join(name for names in QUOTAS.values() for name in names)
            sys.exit(f"There is no quota {name}; there are: {known}.")
        limits[service][name] = value
    paths = {
        "compute": (cloud.compute, f"/os-quota-sets/{project.id}", "quota_set"),
        "network": (cloud.network, f"/quotas/{project.id}", "quota"),
        "volume": (cloud.block_storage, f"/os-quota-sets/{project.id}", "quota_set"),
        "loadbalancer": (cloud.load_balancer, f"/lbaas/quotas/{project.id}", "quota"),
    }
    singular = {"network": lambda name: name.removesuffix("s"), "loadbalancer": lambda name: name.removesuffix("s")}
    for service, names in limits.items():
        if not names:
            continue
        client, path, key = paths[service]
        spell = singular.get(service, str)
        response = client.put(path, json={key: {spell(name): value for name, value in names.items()}})
        if not response.ok:
            sys.exit(f"Quotas of {service} were refused: {response.text}")
    open(marker, "a", encoding="utf-8").close()


if sys.argv[1] == "identity":
    identity()
else:
    content(json.loads(sys.argv[2]))
