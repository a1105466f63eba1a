// Vercel's own client against our fake: it checks the shape of every answer. Run by `providers::sdk`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [folder, serverURL, bearerToken, teamId, idOrName] = process.argv.slice(2);
const { Vercel } = createRequire(`${folder}/node/`)("@vercel/sdk");
const vercel = new Vercel({ bearerToken, serverURL });

// A project's variables.
const target = ["production"];
const one = { key: "ONE", value: "1", type: "encrypted", target };
const created = await vercel.projects.createProjectEnv({ idOrName, teamId, requestBody: one });
const id = created.created.id;
const two = { key: "TWO", value: "2", type: "sensitive", target };
await vercel.projects.createProjectEnv({ idOrName, teamId, requestBody: two });
await assert.rejects(vercel.projects.createProjectEnv({ idOrName, teamId, requestBody: one }), { statusCode: 400 });
const listed = await vercel.projects.filterProjectEnvs({ idOrName, teamId });
assert.deepEqual(listed.envs.map((env) => env.key).sort(), ["ONE", "TWO"]);
assert.notEqual(listed.envs.find((env) => env.key === "ONE").value, "1");
assert.equal((await vercel.projects.getProjectEnv({ idOrName, teamId, id })).value, "1");
await vercel.projects.editProjectEnv({ idOrName, teamId, id, requestBody: { value: "3" } });
assert.equal((await vercel.projects.getProjectEnv({ idOrName, teamId, id })).value, "3");
await vercel.projects.removeProjectEnv({ idOrName, teamId, id });
assert.deepEqual((await vercel.projects.filterProjectEnvs({ idOrName, teamId })).envs.map((env) => env.key), ["TWO"]);

// The team's shared ones.
const evs = [{ key: "ONE", value: "1" }, { key: "TWO", value: "2" }];
const shared = await vercel.environment.createSharedEnvVariable({ teamId, requestBody: { evs, type: "encrypted", target } });
const [first, second] = shared.created.map((env) => env.id);
assert.equal((await vercel.environment.listSharedEnvVariable({ teamId })).data.length, 2);
const updates = { [first]: { value: "3" } };
await vercel.environment.updateSharedEnvVariable({ teamId, requestBody: { updates } });
assert.equal((await vercel.environment.getSharedEnvVar({ teamId, id: first })).value, "3");
const deleted = await vercel.environment.deleteSharedEnvVariable({ teamId, requestBody: { ids: [first, second] } });
assert.deepEqual(deleted.deleted, [first, second]);
