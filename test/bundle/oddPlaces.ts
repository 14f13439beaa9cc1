/** One secret in places where it goes by no form of its own: `@` stands for it, `#` for it in base64. */
import { gzipSync } from "node:zlib";

export const secret = "Zq9xT4mWv2LpR7sKd3";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const key = `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----\n`;
const kubeconfig = `users:\n- name: a\n  user:\n    client-key-data: ${base64(key)}\n    token: ${secret}\n`;

const written: Readonly<Record<string, string>> = {
  "address, behind an @": "proxy http://user:p@@@proxy:3128/",
  "address, behind a slash": "proxy http://user:p/@@proxy:3128/",
  "address, in the place of the user": "https://@@git.example.org/x.git",
  "address of a database": "shop:@@tcp(db:3306)/shop",
  "address, as a shared access signature": "https://x.blob/?sv=1&sig=@",
  "address, encoded": "GET /x?password%3D@",
  "address of a web hook": "https://outlook.example.org/webhook/@",
  "phrase in double quotes": 'password: "correct horse @"',
  "phrase in single quotes": "password: 'it''s a @'",
  "phrase of YAML": "password: correct horse @",
  "block of YAML": "password: |\n  @\nother: x",
  "folded block of YAML": "  password: >-\n    @\n  other: x",
  "list of YAML": "secret:\n- x\n- @\n",
  "map of YAML": "auth:\n  x:\n    y: @\n",
  "list of YAML on a line": "passwords: [x, @]",
  "key of YAML in quotes": '"password": @',
  "Secret in the clear": "kind: Secret\nstringData:\n  foo: @\n",
  "Secret as YAML": "kind: Secret\ndata:\n  foo: #\n",
  "variable with a blank": "OS_PASSWORD='a b @'",
  "variable with a semicolon": 'OS_PASSWORD="a;b @"',
  "variable with an ampersand": "OS_PASSWORD=a&@",
  "variable with a comma": "export OS_PASSWORD=a,@",
  "flag at the beginning": "--password @",
  "log-in of curl": "curl -u user:@ https://x",
  "log-in of MySQL": "mysql -p@ shop",
  "log-in of a machine's controller": "ipmitool -U admin -P @ power on",
  "log-in of LDAP": "bindPW: @",
  "users of cloud-init": "chpasswd:\n  list: |\n    root:@\n",
  "log-in of netrc": "machine x login u password @",
  "secret of keepalived": "auth_pass @",
  "document in a document": JSON.stringify({ m: JSON.stringify({ m: JSON.stringify({ password: 'a"b@' }) }) }),
  "line of a log with a document": `2026-11-30T21:22:44.1Z ${JSON.stringify({ m: JSON.stringify({ password: 'a"b@' }) })}`,
  "document that is cut off": JSON.stringify({ m: JSON.stringify({ password: "@" }) }).slice(0, -1),
  "key in a document in a document": JSON.stringify(JSON.stringify({ x: key })),
  "key whose head is lost": "line\n@abcdefghijklmnopqrstuvwxyz\n-----END RSA PRIVATE KEY-----",
  "map of Go": "map[Password:@ Host:x]",
  "phrase of Go": 'Password:"a b @"',
  "map of Python": "{'password': 'a b @'}",
  "element of XML": "<password>@</password>",
  "variable of a container, as text": '{"name":"DB_PASSWORD","value":"@"',
  "variable of a container, turned round": '{"value":"@","name":"DB_PASSWORD"',
  "second password": "password1: @",
  "former password": "password_old: @",
  "coloured password": "\u001b[31mpassword:\u001b[0m @",
  "header of Go": "headers map[Authorization:[Bearer @]]",
  "value that a cloud's key encrypted": "secure: AAABAC@@",
};
const encoded: Readonly<Record<string, string>> = {
  "base64 of base64": base64(base64(`password: ${secret}`)),
  "base64 for addresses": Buffer.from(`{"password":"${secret}>>>???"}`).toString("base64url"),
  "base64 of UTF-16": Buffer.from(`password: ${secret}`, "utf16le").toString("base64"),
  "base64 in lines of 76": base64(`${"x: y\n".repeat(30)}${kubeconfig}`).replace(/.{76}/g, "$&\n"),
  "base64 in lines of 64": base64(`${"x: y\n".repeat(30)}${kubeconfig}`).replace(/.{64}/g, "$&\n    "),
  "base64 of what is compressed": gzipSync(kubeconfig).toString("base64"),
  "base64 of what is compressed and cut off": gzipSync(kubeconfig).toString("base64").slice(0, 80),
  "key without the lines around it": `MIIEpAIBAAKCAQEA${secret}`,
};

/** Texts by what they are. */
export const oddPlaces: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(written).map(([name, text]) => [
      name,
      text.replace(/@@@|@@|@|#/g, (sign) =>
        sign === "#" ? base64(secret) : sign === "@@@" ? `@${secret}@` : sign === "@@" ? `${secret}@` : secret,
      ),
    ]),
  ),
  ...encoded,
};

/** Lines that tell of a fault, and are like those with a secret. */
export const harmless = [
  'failed to pull image "registry.example.org:5000/pause@sha256:8f2b0c6b9a4f": 403',
  "digest sha256:8f2b0c6b9a4f8f2b0c6b9a4f8f2b0c6b9a4f8f2b0c6b9a4f8f2b0c6b9a4f1234 of x",
  'secret "shop/tls" not found',
  "Token expired at noon",
  "bearer token is missing",
  "password authentication failed for user x",
  '{"level":"error","ts":1764537600123456789,"msg":"dial tcp 10.0.0.1:443: connect: connection refused"}',
  "oci://registry.example.org/x/y@sha256:8f2b0c6b9a4f",
  "https://10.0.0.1:6443/api/v1/namespaces/x/secrets?limit=500",
  "kube-apiserver --service-account-key-file=/etc/kubernetes/pki/sa.pub --token-auth-file=/x",
  'MountVolume.SetUp failed for volume "x" : references non-existent secret key: tls.crt',
  '"automountServiceAccountToken": false',
  "ssh git@git.example.org:x/y",
];
