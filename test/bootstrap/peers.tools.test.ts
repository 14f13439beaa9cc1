/** Which machines keepalived is told of. */
import { ScriptMachine } from "./scriptMachine";

const peers = "test-control-plane-0 10.10.0.10\ntest-control-plane-1 10.10.0.11\ntest-control-plane-2 10.10.0.12\n";

describe("keepalived's peers", () => {
  let machine: ScriptMachine;
  const file = "/etc/keepalived/peers.conf";
  const nodes = (addresses: string) => machine.program("kubectl", addresses === "" ? "exit 1" : `echo "${addresses}"`);
  beforeEach(() => {
    machine = new ScriptMachine();
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "API_PORT='6443'\n");
    machine.file("/etc/openstack-kubernetes/peers", peers);
    machine.file("/etc/keepalived/keepalived.conf", "");
    machine.program("uname", "echo test-control-plane-0.novalocal");
    machine.program("systemctl", "true");
    nodes("");
  });
  afterEach(() => machine.remove());
  const unicast = (...addresses: string[]) =>
    ["unicast_src_ip 10.10.0.10", "unicast_peer {", ...addresses.map((address) => `  ${address}`), "}", ""].join("\n");

  it("are the other machines of its user data before there is a cluster", () => {
    machine.run("refresh-peers.sh");
    expect(machine.read(file)).toBe(unicast("10.10.0.11", "10.10.0.12"));
  });

  it("are named nowhere when it is alone", () => {
    machine.file("/etc/openstack-kubernetes/peers", "test-control-plane-0 10.10.0.10\n");
    const { status } = machine.run("refresh-peers.sh");
    expect([status, machine.read(file)]).toEqual([0, ""]);
  });

  it("become those that were added later, and keepalived is told once", () => {
    machine.file("/etc/openstack-kubernetes/peers", "test-control-plane-0 10.10.0.10\n");
    nodes("10.10.0.10 10.10.0.77 10.10.0.78");
    const reloads = () =>
      machine.run("refresh-peers.sh").calls.filter((call) => call === "systemctl reload keepalived").length;
    expect([reloads(), reloads()]).toEqual([1, 0]);
    expect(machine.read(file)).toBe(unicast("10.10.0.77", "10.10.0.78"));
  });

  it("stay known while the API server is silent", () => {
    nodes("10.10.0.10 10.10.0.77");
    machine.run("refresh-peers.sh");
    nodes("");
    machine.run("refresh-peers.sh");
    expect(machine.read(file)).toBe(unicast("10.10.0.11", "10.10.0.12", "10.10.0.77"));
  });
});
