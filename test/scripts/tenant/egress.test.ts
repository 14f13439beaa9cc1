import { egressRules, parseEgress } from "../../../scripts/tenant/egress";

describe("parseEgress", () => {
  it.each([
    ["10.40.0.0/16:5432", { cidr: "10.40.0.0/16" }, { protocol: "TCP", port: 5432 }],
    ["10.40.0.7/32:53/UDP", { cidr: "10.40.0.7/32" }, { protocol: "UDP", port: 53 }],
    ["10.40.0.0/16:8000-8080", { cidr: "10.40.0.0/16" }, { protocol: "TCP", port: 8000, endPort: 8080 }],
  ])("reads %s", (words, ipBlock, ports) => {
    expect(parseEgress(words)).toEqual({ to: [{ ipBlock }], ports: [ports] });
  });

  it("reads internet as HTTPS to every public address, the metadata address not among them", () => {
    const rule = parseEgress("internet");
    expect(rule).toEqual({
      to: [
        {
          ipBlock: {
            cidr: "0.0.0.0/0",
            except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
          },
        },
      ],
      ports: [{ protocol: "TCP", port: 443 }],
    });
    expect(egressRules.safeParse([rule]).success).toBe(true);
  });

  it.each([
    [
      "10.40.0.0/16",
      "--egress 10.40.0.0/16 is not of the form CIDR:PORT, CIDR:FIRST-LAST, with /UDP or /SCTP behind it if not TCP, or the word internet.",
    ],
    ["10.40.0.1/16:80", "--egress 10.40.0.1/16:80: the network has host bits set; did you mean 10.40.0.0/16?"],
    ["db.example.org:5432", "--egress db.example.org:5432: the network must be an IPv4 network such as 10.0.0.0/24."],
  ])("refuses %s with a sentence", (words, sentence) => {
    expect(() => parseEgress(words)).toThrow(new Error(sentence));
  });
});

describe("egressRules", () => {
  const to = (ipBlock: object) => [{ to: [{ ipBlock }], ports: [{ protocol: "TCP", port: 80 }] }];
  const problems = (rules: unknown) =>
    egressRules.safeParse(rules).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

  it("refuse the metadata address, unless it is left out by except", () => {
    expect(problems(to({ cidr: "0.0.0.0/0" }))).toEqual([
      "0.to.0.ipBlock.cidr: must not reach the metadata address 169.254.169.254; add 169.254.0.0/16 to its except",
    ]);
    expect(problems(to({ cidr: "169.254.169.254/32" }))).toHaveLength(1);
    expect(problems(to({ cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] }))).toBeUndefined();
  });

  it("refuse a rule that names no destination or no port, since Kubernetes takes that for all", () => {
    expect(problems([{ to: [], ports: [] }])).toEqual([
      "0.to: must name at least one ipBlock; without one everything is allowed",
      "0.ports: must name at least one port; without one every port is open",
    ]);
  });
});
