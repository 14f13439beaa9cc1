import { contradiction } from "../../src/config/imageNames";

const rhel = { family: "rhel", version: "9" } as const;
const ubuntu = { family: "ubuntu", version: "24.04" } as const;

describe("the name of an image", () => {
  it.each([
    ["ubuntu-22.04", rhel, "ubuntu"],
    ["Rocky Linux 9", rhel, "rocky"],
    ["Windows Server 2022", rhel, "windows"],
    ["CentOS-Stream-9", rhel, "centos"],
    ["rhel-8.10-x86_64-kvm", rhel, "rhel 8"],
    ["RHEL 7.9", rhel, "rhel 7.9"],
    ["ubuntu-jammy-server", ubuntu, "ubuntu 22.04"],
    ["Ubuntu Server 22.04 LTS", ubuntu, "ubuntu 22.04"],
    ["almalinux-9", { family: "almalinux", version: "8" } as const, "almalinux 9"],
  ])("tells that %j is at odds with %j", (image, os, expected) => {
    expect(contradiction(image, os)).toBe(expected);
  });

  it.each([
    ["rhel-9.6-x86_64-kvm", rhel],
    ["golden-2026-11", rhel],
    ["rhel-20261101", rhel],
    ["our-rhel", rhel],
    ["noble-server-cloudimg-amd64", ubuntu],
    ["ubuntu-24.04.3-live", ubuntu],
    ["AlmaLinux-9-GenericCloud-9.4", { family: "almalinux", version: "9" } as const],
    ["5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d3e", rhel],
  ])("tells nothing against %j for %j", (image, os) => {
    expect(contradiction(image, os)).toBeUndefined();
  });
});
