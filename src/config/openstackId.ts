/**
 * Whether text is an OpenStack id (a UUID) and not a name: image and network may be given as either, and everybody must
 * tell them apart alike.
 */
export function isOpenstackId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
