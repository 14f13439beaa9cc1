/** Routes: hosts, TLS, paths, shares, ports and the router's annotations. */
import { decision } from "./corpus";

const spec = (name: string, route: string) => decision(name, `Route ${route}`).objects[0]?.spec;

describe("a Route", () => {
  it("with edge TLS becomes an HTTPRoute of the gateway, and a policy lets the proxies in", () => {
    const { outcome, objects, tasks } = decision("shop.yaml", "Route web");
    expect(outcome).toBe("converted");
    expect(objects).toEqual([
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: "web", namespace: "museum-shop", labels: { app: "web" } },
        spec: {
          parentRefs: [{ name: "public", namespace: "ingress", sectionName: "https" }],
          hostnames: ["museum-shop.apps.example.org"],
          // The route names a port of the pods, by the name that the Service gives it.
          rules: [
            { matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [{ name: "web", port: 80 }] },
          ],
        },
      },
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "gateway-to-web", namespace: "museum-shop" },
        spec: {
          podSelector: { matchLabels: { deploymentconfig: "web" } },
          policyTypes: ["Ingress"],
          ingress: [
            {
              from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "envoy-gateway-system" } } }],
              ports: [{ protocol: "TCP", port: 8080 }],
            },
          ],
        },
      },
    ]);
    expect(tasks).toEqual([]);
  });

  it("that is passthrough is left to people, because the gateway ends TLS", () => {
    const { outcome, tasks, objects } = decision("routes-tls.json", "Route ldap");
    expect({ outcome, objects }).toEqual({ outcome: "decide", objects: [] });
    expect(tasks).toEqual([expect.stringMatching(/^Route ldap\.example\.org is passthrough: .*LOAD_BALANCERS/)]);
  });

  it("that is reencrypt says that the gateway speaks HTTP to the pods, and leaves the key behind", () => {
    const { tasks, objects } = decision("routes-tls.json", "Route login");
    expect(tasks).toEqual([
      expect.stringContaining("login.example.org was chosen by people"),
      expect.stringContaining("Its own certificate stays behind"),
      expect.stringContaining("Ask the platform's owners for a BackendTLSPolicy"),
      expect.stringContaining("destinationCACertificate"),
    ]);
    expect(objects[0]?.spec).toMatchObject({ rules: [{ backendRefs: [{ name: "keycloak", port: 8443 }] }] });
  });

  it("without TLS, or with HTTP allowed, says that HTTP is redirected now", () => {
    expect(decision("routes-tls.json", "Route plain").tasks).toContainEqual(
      expect.stringMatching(/^It spoke plain HTTP;/),
    );
    expect(decision("routes-tls.json", "Route status").tasks).toContainEqual(
      expect.stringMatching(/^Plain HTTP was allowed/),
    );
  });

  it("with alternate backends keeps their shares, each with its own Service's port", () => {
    expect(spec("routes-weights.yaml", "landing")).toMatchObject({
      rules: [
        {
          backendRefs: [
            { name: "landing-a", port: 8080, weight: 80 },
            { name: "landing-b", port: 8081, weight: 20 },
          ],
        },
      ],
    });
    expect(decision("routes-weights.yaml", "Route landing").tasks).toContainEqual(
      "Service landing-gone is not in the export; see whether it has the port of the route.",
    );
  });

  it("with a path keeps host and path together, rewrites it, and takes the router's timeout", () => {
    expect(spec("routes-paths.yaml", "api")).toMatchObject({
      hostnames: ["portal--portal.apps.example.org"],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/api" } }],
          filters: [
            { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } } },
          ],
          timeouts: { request: "5m" },
        },
      ],
    });
    expect(spec("routes-paths.yaml", "pages")).toMatchObject({ hostnames: ["portal--portal.apps.example.org"] });
    expect(spec("routes-paths.yaml", "admin")).toMatchObject({ hostnames: ["portal--portal-admin.apps.example.org"] });
  });

  it("with a wildcard asks for the names", () => {
    expect(decision("routes-wildcard.yaml", "Route customers").tasks).toContainEqual(
      "It answered to every name below customers.example.org; a tenant has no wildcard, so list the names.",
    );
  });

  it("has every annotation of the router carried over or named", () => {
    const { tasks, objects } = decision("route-list.json", "Route wiki");
    expect(objects[0]?.spec).toMatchObject({
      rules: [
        {
          filters: [
            {
              type: "ResponseHeaderModifier",
              responseHeaderModifier: {
                set: [{ name: "Strict-Transport-Security", value: "max-age=31536000;includeSubDomains" }],
              },
            },
          ],
        },
      ],
    });
    for (const part of [
      "10.0.0.0/8 192.168.7.0/24",
      "Connections were limited",
      "rate-http was 100",
      '"soon"',
      "h1-adjust-case",
    ])
      expect(tasks).toContainEqual(expect.stringContaining(part));
  });

  it("becomes an Ingress where a class is named, with TLS to the pods and without shares", () => {
    const ingress = decision("routes-tls.json", "Route login", { ingressClass: "nginx" });
    expect(ingress.objects[0]).toMatchObject({
      kind: "Ingress",
      metadata: { annotations: { "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS" } },
      spec: {
        ingressClassName: "nginx",
        tls: [{ hosts: ["identity--login.apps.example.org"] }],
        rules: [{ host: "identity--login.apps.example.org" }],
      },
    });
    expect(decision("routes-weights.yaml", "Route landing", { ingressClass: "nginx" }).tasks).toContainEqual(
      "An Ingress has one backend: landing-a. Shares of requests need an HTTPRoute.",
    );
  });
});
