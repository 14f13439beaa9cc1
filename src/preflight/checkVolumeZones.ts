/** Volumes of claims: Cinder CSI asks for them in the zone of the pod's node, by Nova's name of it. */
import type { CloudFacts } from "./cloudFacts";
import { describeSetting, joined, note, foundNames, type Findings } from "./findings";
import type { Needs } from "./needs";

/**
 * Zones of workers that Cinder does not have: it refuses a volume there, unless its operators have set
 * allow_availability_zone_fallback, which no member can see.
 */
export function checkVolumeZones(
  { groups, claimsFollowZones }: Needs,
  { compute: { zones: novaZones }, volume: { zones: cinderZones } }: CloudFacts,
): Findings {
  const workers = groups.filter(({ role, names }) => role === "worker" && names.length > 0);
  if (!claimsFollowZones || cinderZones === undefined) return joined([]);
  const known = cinderZones.filter(({ available }) => available).map(({ name }) => name);
  const described = (zone: string, beginning: string) =>
    known.includes(zone)
      ? []
      : [
          note(
            `${beginning} but Cinder has no such zone, so it may refuse volumes of pods there; ${foundNames(known)}; set cloudProvider.ignoreVolumeZones to true.`,
          ),
        ];
  return joined([
    ...workers.flatMap(({ zones }) => zones.flatMap((zone) => described(zone.value, describeSetting(zone)))),
    // Without a zone of its own a machine gets any that Nova has.
    ...(workers.some(({ zones }) => zones.length === 0)
      ? (novaZones ?? []).flatMap(({ name, available }) =>
          available ? described(name, `Nova may put workers into its zone ${name},`) : [],
        )
      : []),
  ]);
}
