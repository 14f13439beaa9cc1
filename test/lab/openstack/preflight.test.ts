import { type Machine, problems } from "../../../lab/openstack/preflight";

const good: Machine = {
  userId: 0,
  distribution: { id: "debian", version: "12", name: "Debian GNU/Linux 12 (bookworm)" },
  memoryMib: 8192,
  diskMib: 20_000,
  takenPorts: [],
  toInstall: true,
  running: false,
  root: "/var/lab/openstack",
};

describe("the lab's look at the machine", () => {
  it("finds nothing wrong with a roomy Debian 12 and its root", () => {
    expect(problems(good)).toEqual([]);
  });

  it.each<[string, Partial<Machine>, string]>([
    [
      "a user who is not root",
      { userId: 1000 },
      "The lab installs packages and runs databases, which needs root: run it as root (a container or virtual machine of your own is the place for it).",
    ],
    [
      "another distribution",
      { distribution: { id: "ubuntu", version: "24.04", name: "Ubuntu 24.04.1 LTS" } },
      "The lab is made of the OpenStack packages of Debian 12 (bookworm), and this is Ubuntu 24.04.1 LTS: use a Debian 12 machine, virtual machine or container.",
    ],
    [
      "another release of Debian",
      { distribution: { id: "debian", version: "13", name: "Debian GNU/Linux 13 (trixie)" } },
      "The lab is made of the OpenStack packages of Debian 12 (bookworm), and this is Debian GNU/Linux 13 (trixie): use a Debian 12 machine, virtual machine or container.",
    ],
    [
      "too little memory",
      { memoryMib: 2000 },
      "The lab needs 4096 MiB of free memory and 2000 MiB are available: stop something, or use a larger machine.",
    ],
    [
      "too little disk for the packages and the data",
      { diskMib: 2559 },
      "The lab needs 2560 MiB of disk at /var/lab/openstack and 2559 MiB are free: make room, or choose another folder with OPENSTACK_KUBERNETES_LAB.",
    ],
    [
      "too little disk for the data",
      { diskMib: 1000, toInstall: false },
      "The lab needs 1024 MiB of disk at /var/lab/openstack and 1000 MiB are free: make room, or choose another folder with OPENSTACK_KUBERNETES_LAB.",
    ],
    [
      "a port in use",
      { takenPorts: [{ port: 5000, name: "keystone" }] },
      "Port 5000 of 127.0.0.1, which the lab needs for keystone, is taken by another program (`ss -ltnp sport = :5000` shows which): stop that program.",
    ],
    [
      "a folder too deep for sockets",
      { root: `/${"x".repeat(100)}` },
      `The lab's folder /${"x".repeat(100)} has a path of 101 bytes, and sockets within allow 90: choose a shorter one with OPENSTACK_KUBERNETES_LAB.`,
    ],
  ])("says what is wrong with %s, and what to do", (_, change, sentence) => {
    expect(problems({ ...good, ...change })).toEqual([sentence]);
  });

  it("reports everything at once", () => {
    const all = problems({
      ...good,
      userId: 1,
      distribution: { id: "fedora", version: "42", name: "Fedora" },
      memoryMib: 1,
      diskMib: 1,
      takenPorts: [{ port: 9696, name: "neutron" }],
    });
    expect(all).toHaveLength(5);
  });

  it("does not count the memory of a lab that runs already", () => {
    expect(problems({ ...good, memoryMib: 500, running: true })).toEqual([]);
  });
});
