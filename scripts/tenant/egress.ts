/**
 * Destinations outside the cluster that a tenant may reach: from the words of the command line to the rules of a
 * NetworkPolicy, and their checks.
 */
import { z } from "zod";
import { choice, cidr, port, section } from "../../src/config/schema/primitives";
import { contains, parseCidr } from "../../src/config/cidr";

const ipBlock = section({ cidr, except: z.array(cidr, { error: "must be a list of networks" }).optional() });
const rule = section({
  to: z
    .array(section({ ipBlock }), { error: "must be a list of ipBlocks" })
    .min(1, { error: "must name at least one ipBlock; without one everything is allowed" }),
  ports: z
    .array(section({ protocol: choice("TCP", "UDP", "SCTP"), port, endPort: port.optional() }), {
      error: "must be a list of ports",
    })
    .min(1, { error: "must name at least one port; without one every port is open" }),
});

/** The address at which OpenStack tells a machine its user data, bootstrap credentials included. */
const metadataAddress = "169.254.169.254";

/** NetworkPolicy egress rules of the kind a tenant may have: addresses and ports, never "everything". */
export const egressRules = z
  .array(rule, { error: "must be a list of NetworkPolicy egress rules" })
  .superRefine((rules, context) => {
    rules.forEach(({ to }, index) => {
      to.forEach(({ ipBlock: { cidr: network, except = [] } }, peer) => {
        if (!contains(network, metadataAddress) || except.some((hole) => contains(hole, metadataAddress))) return;
        const message = `must not reach the metadata address ${metadataAddress}; add 169.254.0.0/16 to its except`;
        context.addIssue({ code: "custom", path: [index, "to", peer, "ipBlock", "cidr"], message });
      });
    });
  });

export type EgressRule = z.infer<typeof rule>;

/** Networks that are not the Internet: RFC 1918, RFC 6598 and link-local, the metadata address included. */
const notInternet = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/**
 * One `--egress` of the command line: `CIDR:PORT`, `CIDR:PORT/UDP`, `CIDR:FIRST-LAST` or `internet` (HTTPS to every
 * public address). Throws an Error whose message is a sentence for the user.
 */
export function parseEgress(words: string): EgressRule {
  if (words === "internet")
    return { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: notInternet } }], ports: [{ protocol: "TCP", port: 443 }] };
  const [, network = "", first = "", last, protocol = "TCP"] =
    /^([^:]+):(\d+)(?:-(\d+))?(?:\/(TCP|UDP|SCTP))?$/.exec(words) ?? [];
  if (network === "") {
    throw new Error(
      `--egress ${words} is not of the form CIDR:PORT, CIDR:FIRST-LAST, with /UDP or /SCTP behind it if not TCP, or the word internet.`,
    );
  }
  const parsed = parseCidr(network);
  if (!parsed.ok) throw new Error(`--egress ${words}: the network ${parsed.reason.replace(/[^?]$/, "$&.")}`);
  const ports = {
    protocol: protocol as "TCP",
    port: Number(first),
    ...(last === undefined ? {} : { endPort: Number(last) }),
  };
  return { to: [{ ipBlock: { cidr: parsed.cidr } }], ports: [ports] };
}
