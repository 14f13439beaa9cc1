/** Thirty kinds of secrets as logs, objects and consoles show them. Put together here, so that none stands in Git. */
interface Planted {
  /** As it is found. */
  readonly text: string;
  /** What must not be left of it. */
  readonly secret: string;
}

const body = (seed: string, length: number) => seed.repeat(length).slice(0, length);
const kind = (secret: string, around = "@"): Planted => ({ secret, text: around.replace("@", () => secret) });
const key = (label: string) => {
  const content = body("MHcCAQEEIB4x", 64);
  return kind(content, `-----BEGIN ${label}-----\n@\n-----END ${label}-----`);
};

export const planted: Readonly<Record<string, Planted>> = {
  "private key of PKCS #8": key("PRIVATE KEY"),
  "private key of RSA": key("RSA PRIVATE KEY"),
  "private key of an elliptic curve": key("EC PRIVATE KEY"),
  "private key of SSH": key("OPENSSH PRIVATE KEY"),
  "private key of OpenPGP": key("PGP PRIVATE KEY BLOCK"),
  "private key of age": kind(`AGE-SECRET-KEY-1${body("QPZRY9X8", 58)}`),
  "token of a service account": kind(
    `eyJ${body("hbGciOi", 30)}.eyJ${body("pc3MiOi", 30)}.${body("c2lnbmF0", 43)}`,
    "token is @",
  ),
  "token of Keystone": kind(`gAAAAA${body("Bn3kQw_x", 120)}`, "issued @"),
  "token of the bootstrap": kind(`${body("abc123", 6)}.${body("0123456789abcdef", 16)}`, "kubeadm join --discovery @"),
  "token of GitLab": kind(`glpat-${body("xY12", 20)}`, "cloning with @"),
  "token of GitHub": kind(`ghp_${body("Ab12", 36)}`, "cloning with @"),
  "token of Slack": kind(`xoxb-${body("123456", 24)}`, "posting with @"),
  "web hook of Slack": kind(`T0${body("ABC1", 30)}`, "https://hooks.slack.com/services/@"),
  "token of Vault": kind(`hvs.${body("CAESI", 24)}`, "logged in: @"),
  "access key of S3": kind(`AKIA${body("ABCD1234", 16)}`, "as @"),
  "signature of a link": kind(body("0123456789abcdef", 64), "GET /b/k?X-Amz-Expires=60&X-Amz-Signature=@&x=1"),
  "password in a URL": kind("hunter2-url", "proxy http://user:@\u0040proxy.example.org:3128"),
  "bearer in a header": kind(body("opaque", 24), "Authorization: Bearer @"),
  "basic authentication": kind(Buffer.from("user:hunter2-basic").toString("base64"), "Authorization: Basic @"),
  "token in a header": kind(body("f00d", 32), "X-Auth-Token: @"),
  cookie: kind(`session=${body("c00kie", 20)}`, "Set-Cookie: @; Path=/"),
  "password in JSON": kind("hunter2-json", '{"password": "@"}'),
  "password in YAML": kind("hunter2-yaml", "adminPassword: @"),
  "password in the environment": kind("hunter2-env", "OS_PASSWORD=@"),
  "secret in an INI file": kind("hunter2-ini", "application_credential_secret = @"),
  "password on a command line": kind("hunter2-cli", "mysql --password @ shop"),
  "secret on a command line": kind("hunter2-flag", "server --client-secret=@"),
  "key of a kubeconfig": kind(body("LS0tLS1CRUdJTiBFQy", 60), "client-key-data: @"),
  "log-in to a registry": kind(
    Buffer.from("robot:hunter2").toString("base64"),
    '{"auths":{"registry.example.org":{"auth":"@"}}}',
  ),
  "hash of a password": kind(`$2y$10$${body("N9qo8uLOick", 53)}`, "admin:@"),
  "key of the encryption at rest": kind(`${body("c2VjcmV0", 43)}=`, "- name: key1\n  secret: @"),
  "value that Pulumi encrypted": kind(`v1:${body("AbCd1234", 16)}:${body("EfGh5678", 32)}`, "secure: @"),
};
