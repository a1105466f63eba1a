// Infisical's own Node client against the embedded server: `infisical.mjs FOLDER URL ID SECRET DIALECT`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [folder, siteUrl, clientId, clientSecret, dialect] = process.argv.slice(2);
const { InfisicalSDK } = createRequire(`${folder}/node/`)("@infisical/sdk");

const client = new InfisicalSDK({ siteUrl });
await assert.rejects(client.auth().universalAuth.login({ clientId, clientSecret: "canary-wrong" }), /Invalid credentials/);
await client.auth().universalAuth.login({ clientId, clientSecret });
const before = client.auth().getAccessToken();
await client.auth().universalAuth.renew();
assert.equal(client.auth().getAccessToken(), before);

// A project with one more environment.
const project = await client.projects().create({ projectName: "By Node", type: "secret-manager", slug: "by-node" });
assert.deepEqual([project.name, project.slug], ["By Node", "by-node"]);
const projectId = project.id;
const environment = await client.environments().create({ name: "Test", slug: "test", projectId, position: 2 });
assert.deepEqual([environment.slug, environment.position, environment.projectId], ["test", 2, projectId]);

// Folders.
const api = await client.folders().create({ name: "api", path: "/", projectId, environment: "test" });
await client.folders().create({ name: "deep", path: "/api/v1", projectId, environment: "test" });
const folders = await client.folders().listFolders({ projectId, environment: "test", path: "/", recursive: true });
// A server of October 2024 listed children only.
assert.deepEqual(folders.map((folder) => folder.name).sort(), dialect === "2024-10" ? ["api"] : ["api", "deep", "v1"]);
assert.equal(folders.find((folder) => folder.name === "api").id, api.id);

// Secrets.
const place = { projectId, environment: "test", secretPath: "/api" };
const { secret } = await client.secrets().createSecret("ONE", { ...place, secretValue: "canary-one", secretComment: "first" });
assert.deepEqual([secret.secretKey, secret.secretValue, secret.version], ["ONE", "canary-one", 1]);
await assert.rejects(client.secrets().createSecret("ONE", { ...place, secretValue: "x" }), /already exist/);
await client.secrets().createSecret("TWO", { ...place, secretValue: "${ONE}!" });
const { secrets } = await client.secrets().listSecrets({ ...place, expandSecretReferences: false });
assert.deepEqual(secrets.map((one) => [one.secretKey, one.secretValue]).sort(), [["ONE", "canary-one"], ["TWO", "${ONE}!"]]);
assert.equal((await client.secrets().getSecret({ ...place, secretName: "TWO" })).secretValue, "canary-one!");
const everything = await client.secrets().listSecretsWithImports({ ...place, secretPath: "/", recursive: true });
assert.deepEqual(everything.map((one) => one.secretPath), ["/api", "/api"]);
await client.secrets().updateSecret("TWO", { ...place, secretValue: "canary-two", newSecretName: "THREE" });
await assert.rejects(client.secrets().getSecret({ ...place, secretName: "TWO" }), /not found/);
await client.secrets().deleteSecret("ONE", place);
const left = await client.secrets().listSecrets(place);
assert.deepEqual(left.secrets.map((one) => [one.secretKey, one.secretValue]), [["THREE", "canary-two"]]);

// What a server of October 2024 does not take, it says with another status.
await assert.rejects(
  client.environments().create({ name: "Bad", slug: "Bad Slug", projectId }),
  dialect === "2024-10" ? /status 401/ : /status 422/,
);
