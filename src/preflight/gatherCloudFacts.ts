/**
 * Asks OpenStack for the facts, all at once and without changing anything. The number of calls does not depend on the
 * number of machines, but for one page per 1,000.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { OpenstackError, type OpenstackApi, type OpenstackService } from "../openstack/client";
import type {
  Ask,
  CloudFacts,
  ComputeFacts,
  ExistingMachine,
  Flavor,
  Image,
  Unread,
  VolumeFacts,
  Zone,
} from "./cloudFacts";
import { loadBalancerFacts, networkFacts } from "./gatherNetworkFacts";
import { isOpenstackId } from "../config/openstackId";
import { roles } from "../machines/roles";
import { detailed, listResources } from "../openstack/resources";
import { createdTypes, serverQuery } from "../openstack/resourceTypes";
import { standingStatuses } from "./checkRunning";
import { planNeeds, type Needs } from "./needs";
import { serverQuota, volumeQuota } from "./quotas";

/** Nova shows a server's flavor by its numbers instead of an id that may be gone (Pike, 2017). */
const embeddedFlavor = "2.47";

/** Throws only on a fault of this program: a cloud that does not answer is a fact too. */
export async function gatherCloudFacts(api: OpenstackApi, config: ClusterConfig): Promise<CloudFacts> {
  const needs = planNeeds(config);
  const unread: Unread[] = [];
  const missingServices = neededServices(needs).filter((service) => !api.has(service));
  const ask: Ask = async (service, question, answer) => {
    if (missingServices.includes(service)) return undefined;
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof OpenstackError)) throw error;
      unread.push({ service, question, message: error.message, status: error.status });
      return undefined;
    }
  };
  const [images, compute, network, volume, loadBalancer] = await Promise.all([
    imageFacts(api, needs, ask),
    computeFacts(api, needs, ask),
    networkFacts(api, config, needs, ask),
    volumeFacts(api, needs, ask),
    needs.loadBalancer === undefined ? {} : loadBalancerFacts(api, needs, ask),
  ]);
  return { missingServices, unread, ...images, compute, network, volume, loadBalancer };
}

function needsVolumes(needs: Needs): boolean {
  return needs.groups.some(({ volumes, names }) => volumes.length > 0 && names.length > 0);
}

function neededServices(needs: Needs): OpenstackService[] {
  return [
    "compute",
    "image",
    "network",
    ...(needsVolumes(needs) ? (["block-storage"] as const) : []),
    ...(needs.loadBalancer === undefined ? [] : (["load-balancer"] as const)),
  ];
}

async function imageFacts(
  api: OpenstackApi,
  needs: Needs,
  ask: Ask,
): Promise<Pick<CloudFacts, "images" | "imageNames">> {
  const references = [...new Set(needs.groups.filter(({ names }) => names.length > 0).map(({ image }) => image.value))];
  const answers = await Promise.all(
    references.map(
      async (reference) => [reference, await ask("image", "the image", () => findImages(api, reference))] as const,
    ),
  );
  const images = new Map(
    answers.flatMap(([reference, found]) => (found === undefined ? [] : [[reference, found] as const])),
  );
  if (![...images.values()].some((found) => found.length === 0)) return { images };
  const all = await ask("image", "the names of images", () => api.list<Image>("image", "/images", "images"));
  return { images, imageNames: all?.flatMap(({ name }) => (name === null ? [] : [name])) };
}

/** All images of that name, or the one of that id. */
async function findImages(api: OpenstackApi, reference: string): Promise<Image[]> {
  if (!isOpenstackId(reference))
    return api.list<Image>("image", `/images?name=${encodeURIComponent(reference)}`, "images");
  try {
    return [await api.get<Image>("image", `/images/${reference}`)];
  } catch (error) {
    if (error instanceof OpenstackError && error.status === 404) return [];
    throw error;
  }
}

type AvailabilityZones = { availabilityZoneInfo: { zoneName: string; zoneState: { available: boolean } }[] };
const zonesOf = ({ availabilityZoneInfo }: AvailabilityZones): Zone[] =>
  availabilityZoneInfo.map(({ zoneName, zoneState }) => ({ name: zoneName, available: zoneState.available }));

async function computeFacts(api: OpenstackApi, needs: Needs, ask: Ask): Promise<ComputeFacts> {
  const [quota, flavors, zones, serverGroups, machines, standing] = await Promise.all([
    ask("compute", "the quota of machines", () => serverQuota(api)),
    ask("compute", "the flavors", () => api.list<Flavor>("compute", "/flavors/detail", "flavors")),
    ask("compute", "the availability zones", async () =>
      zonesOf(await api.get<AvailabilityZones>("compute", "/os-availability-zone")),
    ),
    ask("compute", "the server groups", () => listResources<{ name: string }>(api, createdTypes.serverGroup)),
    ask("compute", "the machines that exist", () => existingMachines(api, needs)),
    ask("compute", "the machines that do not run", () => standingMachines(api, needs)),
  ]);
  return {
    flavors,
    zones,
    machines,
    standing,
    existingServerGroups: serverGroups?.map(({ name }) => name),
    ...quota,
  };
}

/**
 * The cluster's machines, by name: a name is enough for those that keep their flavor, and Nova tells a thousand names
 * in the time of a few details. A machine that is being deleted is one of them, rightly: its quota is still in use, and
 * its successor will take no more.
 */
async function existingMachines(api: OpenstackApi, needs: Needs): Promise<Map<string, ExistingMachine>> {
  const resizable = needs.groups.filter(
    ({ role, rolled, names }) =>
      names.length > 0 && (roles[role].flavorChange === "resized in place" || rolled.size > 0),
  );
  const prefixes = [
    ...new Set(resizable.flatMap(({ names }) => names.slice(0, 1).map((name) => name.replace(/-\d+$/, "")))),
  ];
  const { server } = createdTypes;
  const named = (pattern: string) => `name=${encodeURIComponent(pattern)}`;
  type Server = { name: string; flavor: { original_name: string; vcpus: number; ram: number } };
  const [all, shown] = await Promise.all([
    listResources<{ name: string }>(api, server, named(`^${needs.clusterName}-`)),
    prefixes.length === 0
      ? []
      : listResources<Server>(api, detailed(server), named(`^(${prefixes.join("|")})(-[0-9]+)?$`), embeddedFlavor),
  ]);
  return new Map<string, ExistingMachine>([
    ...all.map(({ name }) => [name, {}] as const),
    ...shown.map(
      ({ name, flavor }) =>
        [name, { flavor: { name: flavor.original_name, vcpus: flavor.vcpus, ram: flavor.ram } }] as const,
    ),
  ]);
}

/** Few as a rule, so that details cost little. */
export async function standingMachines(
  api: OpenstackApi,
  { clusterName }: Pick<Needs, "clusterName">,
): Promise<{ name: string; status: string }[]> {
  type Server = { name: string; status: string; "OS-SRV-USG:launched_at": string | null };
  const statuses = standingStatuses.map((status) => `&status=${status}`).join("");
  const query = `${serverQuery(clusterName)}${statuses}`;
  const found = await listResources<Server>(api, detailed(createdTypes.server), query);
  return found
    .filter((server) => server["OS-SRV-USG:launched_at"] !== null)
    .map(({ name, status }) => ({ name, status }));
}

async function volumeFacts(api: OpenstackApi, needs: Needs, ask: Ask): Promise<VolumeFacts> {
  const zones = () =>
    ask("block-storage", "the availability zones of volumes", async () =>
      zonesOf(await api.get<AvailabilityZones>("block-storage", "/os-availability-zone")),
    );
  if (!needsVolumes(needs)) return needs.claimsFollowZones && api.has("block-storage") ? { zones: await zones() } : {};
  const [types, available, quota] = await Promise.all([
    ask("block-storage", "the volume types", () =>
      api.list<{ name: string }>("block-storage", "/types", "volume_types"),
    ),
    zones(),
    ask("block-storage", "the quota of volumes", () => volumeQuota(api)),
  ]);
  return { types: types?.map(({ name }) => name), zones: available, quota };
}
