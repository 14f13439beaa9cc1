/** Who logs in at an address. */

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The URL without user name and password, and those by themselves, as they are typed: `%40` is `@`. */
export function splitCredentials(address: string): { readonly url: string; readonly credentials?: Credentials } {
  const url = new URL(address);
  const { username, password } = url;
  if (username === "" && password === "") return { url: address };
  url.username = "";
  url.password = "";
  return { url: url.href, credentials: { user: decoded(username), password: decoded(password) } };
}

/** A "%" that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
