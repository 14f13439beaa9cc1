import { formatReference, mirrorOf, parseReference, placeInFolder } from "../../../scripts/images/imageReference";

const digest = `sha256:${"a".repeat(64)}`;

describe("the name of an image", () => {
  it.each([
    ["busybox", "docker.io/library/busybox:latest"],
    ["busybox:1.37", "docker.io/library/busybox:1.37"],
    ["redis:7", "docker.io/library/redis:7"],
    ["netapp/trident:26.06.0", "docker.io/netapp/trident:26.06.0"],
    ["quay.io/calico/node:v3.32.1", "quay.io/calico/node:v3.32.1"],
    ["localhost/a/b:1", "localhost/a/b:1"],
    ["registry.example.org:5000/a/b:1", "registry.example.org:5000/a/b:1"],
    [`ghcr.io/fluxcd/source-controller@${digest}`, `ghcr.io/fluxcd/source-controller@${digest}`],
    [`ghcr.io/fluxcd/source-controller:v1@${digest}`, `ghcr.io/fluxcd/source-controller:v1@${digest}`],
  ])("%s is whole as %s", (text, whole) => {
    expect(formatReference(parseReference(text)!)).toBe(whole);
  });

  it.each([
    "",
    "*:latest",
    "{{ element.image }}",
    "https://example.org/a:1",
    "a b",
    "quay.io/Upper/case:1",
    "a@sha256:1",
  ])("is not %j", (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  it("is a place in a folder of images, which has no colon", () => {
    expect(placeInFolder(parseReference("registry.example.org:5000/a/b:1")!)).toBe(
      "images/registry.example.org_5000/a/b/1",
    );
    expect(placeInFolder(parseReference(`quay.io/a/b@${digest}`)!)).toBe(
      `images/quay.io/a/b/${digest.replace(":", "_")}`,
    );
    expect(placeInFolder(parseReference(`quay.io/a/b:1@${digest}`)!)).toBe("images/quay.io/a/b/1");
  });
});

describe("the mirror of an image", () => {
  const image = parseReference("quay.io/calico/node:v3.32.1")!;
  const placeAt = (endpoint: string, overridePath = false) => {
    const found = mirrorOf(image, [{ registry: "quay.io", endpoints: [endpoint], overridePath }]);
    return found && `${found.insecure ? "plain " : ""}${formatReference(found.reference)}`;
  };

  it("has the same repository, below the path that overridePath declares, as containerd asks for it", () => {
    expect(placeAt("https://registry.example.org")).toBe("registry.example.org/calico/node:v3.32.1");
    expect(placeAt("https://registry.example.org/v2/")).toBe("registry.example.org/calico/node:v3.32.1");
    expect(placeAt("https://registry.example.org/v2/mirror/quay.io", true)).toBe(
      "registry.example.org/mirror/quay.io/calico/node:v3.32.1",
    );
  });

  it("is spoken to by the endpoint's scheme, and its log-in is no part of the name", () => {
    expect(placeAt("http://user:secret@registry.example.org:5000")).toBe(
      "plain registry.example.org:5000/calico/node:v3.32.1",
    );
  });

  it.each([
    ["https://registry.example.org/artifactory/api/docker/quay", true],
    ["https://registry.example.org/quay", false],
  ])("at %s cannot be written to, which is said", (endpoint, overridePath) => {
    expect(() => placeAt(endpoint, overridePath)).toThrow(
      `The mirror ${endpoint} of quay.io cannot be written to: its path does not begin with /v2/.`,
    );
  });

  it("is the first of its registry's, and none where the registry has none", () => {
    const mirrors = [
      { registry: "quay.io", endpoints: ["https://a.example.org", "https://b.example.org"], overridePath: false },
    ];
    expect(mirrorOf(image, mirrors)?.reference.registry).toBe("a.example.org");
    expect(mirrorOf(parseReference("busybox")!, mirrors)).toBeUndefined();
  });
});
