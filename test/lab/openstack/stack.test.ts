import { parse } from "yaml";
import { stackOnLab, withSignsOfLife } from "../../../lab/openstack/stack";

const stackFile = `# A stack.
config:
  openstack-kubernetes:image: rhel
  openstack-kubernetes:network:
    cidr: 10.0.0.0/24
  openstack-kubernetes:readiness:
    apiTimeoutMinutes: 5
`;

describe("a stack's configuration on the lab", () => {
  it("differs from the stack's own in what the overlay names, and in nothing else", () => {
    expect(parse(stackOnLab(stackFile))).toEqual({
      config: {
        "openstack-kubernetes:image": "rhel",
        "openstack-kubernetes:network": { cidr: "10.0.0.0/24" },
        "openstack-kubernetes:readiness": { apiTimeoutMinutes: 5, machinesBoot: false },
        "openstack-kubernetes:protect": false,
      },
    });
  });

  it("keeps the salt that the engine wrote, for the state is encrypted with it", () => {
    const before = `${stackOnLab(stackFile)}encryptionsalt: v1:abc\n`;
    expect((parse(stackOnLab(stackFile, before)) as { encryptionsalt: string }).encryptionsalt).toBe("v1:abc");
  });

  it("takes further settings by their path", () => {
    const made = parse(stackOnLab(stackFile, undefined, [{ path: ["image"], value: "debian-12" }])) as {
      config: Record<string, unknown>;
    };
    expect(made.config["openstack-kubernetes:image"]).toBe("debian-12");
  });

  it("refuses a stack file that is no map", () => {
    expect(() => stackOnLab("just text")).toThrow("The stack file is no map: it must hold the key `config`.");
  });
});

describe("a long command on the lab", () => {
  afterEach(() => jest.useRealTimers());

  it("says every minute that it is at work, until it ends", async () => {
    jest.useFakeTimers();
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    const work = withSignsOfLife("Pulumi on stack dev", say, () => new Promise((end) => setTimeout(end, 150_000)));
    await jest.advanceTimersByTimeAsync(600_000);
    await work;
    expect(lines).toEqual([
      "Pulumi on stack dev: still at work after 1 min",
      "Pulumi on stack dev: still at work after 2 min",
    ]);
  });
});
