// Unpacks the browser as its package keeps it. Usage: unpack.mjs PACKAGE FOLDER
import { spawnSync } from "node:child_process";
import { chmodSync, createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [, , from, to] = process.argv;
mkdirSync(to, { recursive: true });
for (const name of readdirSync(join(from, "bin"))) {
  const file = join(to, name.replace(/\.br$/, ""));
  await pipeline(createReadStream(join(from, "bin", name)), createBrotliDecompress(), createWriteStream(file));
  if (file.endsWith(".tar")) {
    const { status, stderr } = spawnSync("tar", ["-xf", file, "-C", to, "--no-same-owner"]);
    if (status !== 0) throw new Error(`tar: ${stderr}`);
    rmSync(file);
  }
}
chmodSync(join(to, "chromium"), 0o755);
// Its own list of fonts names the places of another machine.
writeFileSync(
  join(to, "fonts.conf"),
  `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${join(to, "fonts")}</dir>`
    + `<cachedir>${join(to, "cache")}</cachedir></fontconfig>`,
);
