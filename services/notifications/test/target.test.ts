/** Which addresses webhooks may go to. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Targets, networkProblem, portProblem } from "#src/target.js";

const strict = new Targets({ allowHttp: false, allowedNetworks: [], allowedPorts: [] });

const INSIDE = [
  "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
  "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1",
  "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
  "::", "::1", "fe80::1", "fe80::1%eth0", "febf::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
  "2001:db8::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "100::1",
  "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "0:0:0:0:0:ffff:a9fe:a9fe", "::127.0.0.1", "::a9fe:a9fe",
  "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "64:ff9b:1:ffff::7f00:1",
];
const OUTSIDE = [
  "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "192.169.0.1", "198.17.255.255",
  "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:830::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
];

test("every address that is not the public internet is refused", () => {
  for (const address of INSIDE) assert.equal(strict.allows(address), false, address);
});

test("the public internet is allowed", () => {
  for (const address of OUTSIDE) assert.equal(strict.allows(address), true, address);
});

test("what is no address is no target", () => {
  for (const text of ["", "example.com", "127.1", "0x7f000001", "2130706433"]) assert.equal(strict.allows(text), false, text);
});

test("a URL that names an inner address in any writing is refused", () => {
  const hosts = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.01", "127.0.0.1.", "1２7.0.0.1",
    "169.254.169.254", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:0:0:1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]",
    "localhost", "LOCALHOST", "localhost.", "shop.localhost", "printer.local", "metadata.google.internal", "db", "router.home.arpa",
  ];
  for (const host of hosts) assert.notEqual(strict.problemOf(`https://${host}/hook`), undefined, host);
});

test("a URL must be https, without a user name", () => {
  assert.equal(strict.problemOf("https://hooks.example.com/a?b=c"), undefined);
  for (const url of ["http://hooks.example.com/", "ftp://example.com/", "file:///etc/passwd", "https://u:p@example.com/", "https://u@example.com/", "https://", "nothing"]) {
    assert.notEqual(strict.problemOf(url), undefined, url);
  }
});

test("a URL goes to port 443 unless the settings name another, and the refusal says which are allowed", () => {
  assert.equal(strict.problemOf("https://hooks.example.com:443/"), undefined);
  assert.equal(strict.problemOf("https://example.com:22"), "its port 22 is not allowed; allowed are 443");
  for (const port of [1, 25, 80, 444, 3306, 8443, 65535]) assert.match(strict.problemOf(`https://hooks.example.com:${port}/`) ?? "", /its port/);
  assert.match(strict.problemOf("https://8.8.8.8:22/") ?? "", /its port 22/);

  const rules = { allowHttp: true, allowedNetworks: ["127.0.0.0/8"], allowedPorts: ["8443", "hooks.example.com:9443"] };
  const some = new Targets(rules);
  for (const url of ["https://a.example:8443/", "https://hooks.example.com:9443/", "http://a.example/", "http://127.0.0.1:40001/", "http://[::ffff:127.0.0.1]:40001/"]) {
    assert.equal(some.problemOf(url), undefined, url);
  }
  assert.equal(some.problemOf("https://a.example:9443/"), "its port 9443 is not allowed; allowed are 443, 80, 8443, hooks.example.com:9443");
  assert.match(some.problemOf("https://10.0.0.1:8443/") ?? "", /private/);
});

test("a network that is allowed is a target, in each of its writings, and nothing beside it", () => {
  const open = new Targets({ allowHttp: true, allowedNetworks: ["10.1.0.0/16", "fd12:3456::/32"], allowedPorts: [] });
  for (const address of ["10.1.0.1", "10.1.255.255", "::ffff:10.1.2.3", "fd12:3456::9"]) assert.equal(open.allows(address), true, address);
  for (const address of ["10.2.0.1", "127.0.0.1", "fd12:3457::1", "169.254.169.254"]) assert.equal(open.allows(address), false, address);
  assert.equal(open.problemOf("http://10.1.0.9/hook"), undefined);
});

test("a name whose addresses lead both outside and inside is refused", async () => {
  const url = new URL("https://hooks.example.com/");
  await assert.rejects(strict.addressOf(url, () => Promise.resolve(["8.8.8.8", "10.0.0.1"])), /refused address/);
  await assert.rejects(strict.addressOf(url, () => Promise.resolve(["::ffff:127.0.0.1"])), /refused address/);
  await assert.rejects(strict.addressOf(url, () => Promise.resolve([])), /dns/);
  await assert.rejects(strict.addressOf(url, () => Promise.reject(new Error("no such name"))), /dns/);
  assert.equal(await strict.addressOf(url, () => Promise.resolve(["8.8.8.8", "1.1.1.1"])), "8.8.8.8");
});

test("a port of a setting is a number, alone or after a host", () => {
  for (const port of ["8443", "hooks.example.com:9443", "[2606:4700::1]:8443"]) assert.equal(portProblem(port), undefined, port);
  for (const port of ["0", "65536", "ssh", "", ":1", "HOST:1", "8443/tcp"]) assert.notEqual(portProblem(port), undefined, port);
});

test("a network of a setting is an address and a prefix", () => {
  for (const network of ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"]) assert.equal(networkProblem(network), undefined, network);
  for (const network of ["10.0.0.0", "10.0.0.0/33", "ten/8", "10.0.0.0/x", ""]) assert.notEqual(networkProblem(network), undefined, network);
});
