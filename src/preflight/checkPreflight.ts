/** Whether the cloud can give what the configuration asks for. */
import { counted } from "../config/counted";
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import { serviceName, type OpenstackService } from "../openstack/client";
import type { CloudFacts, Unread } from "./cloudFacts";
import { joined, note, problem, type Findings } from "./findings";
import { checkMachines } from "./checkMachines";
import { planNeeds } from "./needs";
import { checkRunning } from "./checkRunning";
import { checkNetworks } from "./checkNetworks";
import { checkQuota } from "./checkQuota";
import { checkVolumeZones } from "./checkVolumeZones";

/**
 * Everything that would make `up` fail, and what deserves a word, in the order in which a user reads a configuration.
 */
export function checkPreflight(config: ClusterConfig, facts: CloudFacts): Findings {
  const needs = planNeeds(config);
  return joined([
    ...facts.missingServices.map(missingService),
    ...facts.unread.map(unread(facts.unread)),
    distribution(config, facts),
    checkRunning(needs, facts),
    checkMachines(needs, facts),
    checkVolumeZones(needs, facts),
    checkNetworks(config, needs, facts),
    checkQuota(needs, facts),
  ]);
}

const remedies: Partial<Record<OpenstackService, string>> = {
  "load-balancer": 'but apiEndpoint.kind is "loadBalancer"; set it to "virtualIp" or "external"',
  "block-storage": "but the configuration asks for volumes (bootVolume, etcdVolume, nodePools[].volumes); remove them",
};

function missingService(service: OpenstackService): Findings {
  return problem(
    `The cloud has no ${serviceName(service)} (no public ${service} endpoint in its catalog), ${remedies[service] ?? "which every cluster needs; ask its operators, or check the region"}.`,
  );
}

/**
 * What a member may not see (403), or this cloud does not show (404), is no error of the configuration. A service that
 * fails would fail `up` too.
 */
const unread = (all: readonly Unread[]) => (one: Unread) => {
  const { service, question, message } = one;
  const hidden = ({ status }: Unread) => status === 403 || status === 404;
  if (hidden(one)) return note(`Pre-flight could not check ${question}: ${message}.`);
  // A service that fails mostly fails every question: the first failure stands for all.
  if (one !== all.find((other) => other.service === service && !hidden(other))) return joined([]);
  return problem(
    `${message[0]?.toUpperCase() ?? ""}${message.slice(1)}; try again when ${serviceName(service)} serves.`,
  );
};

/** Images carry the id of their distribution in os_distro, where somebody set it. */
function distribution(config: ClusterConfig, { images }: CloudFacts): Findings {
  const { osDistros } = operatingSystem(config);
  return joined(
    [...images].flatMap(([reference, found]) => {
      const [image] = found;
      if (
        found.length !== 1 ||
        image?.os_distro === undefined ||
        image.os_distro === "" ||
        osDistros.includes(image.os_distro)
      )
        return [];
      return [
        note(
          `os.family is "${config.os.family}" but image ${reference} says that it is ${image.os_distro} (os_distro).`,
        ),
      ];
    }),
  );
}

/** The one message of all problems. */
export function preflightMessage(problems: readonly string[]): string {
  const number = counted(problems.length, "problem");
  return [`Pre-flight found ${number}; nothing was changed in OpenStack:`, ...problems].join("\n");
}
