import { join } from "node:path";
import { plainSecretsInStackFile, plainSecretsInStackFiles } from "../../../scripts/secrets/stackFiles";

const inTheClear = (key: string) =>
  `Pulumi.dev.yaml: config.${key} has a password or token in the clear; take it from a Secret, and encrypt it with sops (docs/gitops.md, "Secrets"), in a file that ends with .sops.yaml.`;

describe("plainSecretsInStackFile", () => {
  it("finds a secret of the schema with the command that encrypts it, once", () => {
    const file = "config:\n  openstack-kubernetes:credentials:\n    git: {username: a, password: hunter2}\n";
    expect(plainSecretsInStackFile(file, "Pulumi.dev.yaml")).toEqual([
      "Pulumi.dev.yaml: credentials.git.password is a secret but stands in the clear; replace what it opens, then set it by `pulumi config set --secret --path credentials.git.password`.",
    ]);
  });

  it("finds a password that Flux would put into a ConfigMap, and one of another namespace", () => {
    const file =
      "config:\n  openstack-kubernetes:flux: {settings: {DB_PASSWORD: hunter2}}\n  openstack:password: hunter2\n";
    expect(plainSecretsInStackFile(file, "Pulumi.dev.yaml")).toEqual([
      inTheClear("openstack-kubernetes:flux.settings.DB_PASSWORD"),
      inTheClear("openstack:password"),
    ]);
  });

  it("lets pass what Pulumi encrypted", () => {
    const file =
      "encryptionsalt: v1:abc\nconfig:\n  openstack-kubernetes:credentials:\n    git: {password: {secure: v1:abc}}\n  openstack:password: {secure: v1:abc}\n";
    expect(plainSecretsInStackFile(file, "Pulumi.dev.yaml")).toEqual([]);
  });

  it("finds nothing in the committed stack files", () => {
    expect(plainSecretsInStackFiles(join(__dirname, "..", "..", ".."))).toEqual([]);
  });
});
