/** What the name of an image says of the system on it. An id says nothing. */
import { isOpenstackId } from "./openstackId";
import { operatingSystems, osFamilies, releaseNames, releaseOf } from "./operatingSystems";

interface Os {
  readonly family: keyof typeof operatingSystems;
  readonly version: string;
}

/** Systems that this program installs nothing on, by the words that names of images have for them. */
const otherSystems = [
  ...["alpine", "amazon", "arch", "centos", "cirros", "coreos", "fedora", "flatcar"],
  ...["opensuse", "oracle", "sles", "suse", "talos", "windows"],
] as const;

/** What the name says that is at odds with `os`, for instance `ubuntu` or `rhel 8`; undefined when nothing is. */
export function contradiction(image: string, os: Os): string | undefined {
  const name = image.toLowerCase();
  if (isOpenstackId(name)) return undefined;
  const says = (word: string) => new RegExp(`(^|[^a-z])${word}([^a-z]|$)`).test(name);
  const named = osFamilies.filter((family) => operatingSystems[family].imageWords.some(says));
  if (!named.includes(os.family)) return named[0] ?? otherSystems.find(says);
  const release = releaseIn(name, os.family, says);
  return release === undefined || release === os.version ? undefined : `${os.family} ${release}`;
}

/** The release that follows the family's word, or whose own name stands there. */
function releaseIn(name: string, family: Os["family"], says: (word: string) => boolean): string | undefined {
  const bySuite = releaseNames(family).find((version) => {
    const suite = releaseOf({ family, version })?.suite;
    return suite !== undefined && says(suite);
  });
  if (bySuite !== undefined) return bySuite;
  const words = operatingSystems[family].imageWords.join("|");
  // A longer number is a date.
  const [, number] = new RegExp(`(?:${words})[^0-9]{0,20}(\\d{1,2}(?:\\.\\d{1,2})?)(?!\\d)`).exec(name) ?? [];
  if (number === undefined) return undefined;
  return releaseNames(family).find((version) => number === version || number.startsWith(`${version}.`)) ?? number;
}
