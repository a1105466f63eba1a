//! What a CI says of itself in its environment: which platform, repository, change, commit and run. Pure: the environment and
//! the payload of the event are given.
//!
//! Variables, looked up in November 2026: <https://docs.github.com/actions/reference/variables-reference>,
//! <https://docs.gitlab.com/ci/variables/predefined_variables/>,
//! <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>,
//! <https://learn.microsoft.com/azure/devops/pipelines/build/variables>. Gitea's and Forgejo's actions say what GitHub's do.

use crate::forge::Platform;
use crate::forge::marker::Run;
use serde_json::Value;

/// What is known of where the program runs. What is `None` has to be said on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The platform.
    pub platform: Option<Platform>,
    /// Where its interface is.
    pub api: Option<String>,
    /// The repository.
    pub repo: Option<String>,
    /// The change, if the run is for one.
    pub change: Option<u64>,
    /// The newest commit of the change, not one that was merged for the run.
    pub commit: Option<String>,
    /// Which run it is.
    pub run: Run,
    /// Where the run can be looked at.
    pub link: Option<String>,
    /// The address of a line of a file, with `{path}` and `{line}` in it.
    pub source: Option<String>,
}

/// Looks at an environment. `event` is the payload that GitHub, Gitea and Forgejo keep in a file.
#[must_use]
pub fn detect(env: &dyn Fn(&str) -> Option<String>, event: Option<&str>) -> Found {
    let is = |name: &str| env(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match () {
        () if is("GITEA_ACTIONS") || is("FORGEJO_ACTIONS") => github(env, event, Platform::Gitea),
        () if is("GITHUB_ACTIONS") => github(env, event, Platform::GitHub),
        () if is("GITLAB_CI") => gitlab(env),
        () if env("BITBUCKET_BUILD_NUMBER").is_some() => bitbucket(env),
        () if is("TF_BUILD") => azure(env),
        () => Found::default(),
    }
}

fn number(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<u64> {
    env(name)?.parse().ok()
}

fn github(env: &dyn Fn(&str) -> Option<String>, event: Option<&str>, platform: Platform) -> Found {
    let event: Value = event.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let server = env("GITHUB_SERVER_URL").map(|url| url.trim_end_matches('/').to_owned());
    let repo = env("GITHUB_REPOSITORY");
    let below = |path: &str| Some(format!("{}/{}/{path}", server.as_ref()?, repo.as_ref()?));
    let by_ref = || env("GITHUB_REF")?.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok();
    let by_event = event["pull_request"]["number"].as_u64();
    // A comment on an issue names a change only if the issue is one.
    let by_issue = event["issue"]["number"].as_u64().filter(|_| event["issue"]["pull_request"].is_object());
    // The commit of a run for a change is one that was merged for it; statuses belong to the one that was pushed.
    let commit = event["pull_request"]["head"]["sha"].as_str().map(str::to_owned).or_else(|| env("GITHUB_SHA"));
    let view = if platform == Platform::Gitea { "src/commit" } else { "blob" };
    let run = (number(env, "GITHUB_RUN_NUMBER"), number(env, "GITHUB_RUN_ATTEMPT").unwrap_or(1));
    Found {
        platform: Some(platform),
        api: env("GITHUB_API_URL").map(|url| url.trim_end_matches('/').to_owned()),
        change: by_event.or(by_issue).or_else(by_ref),
        source: commit.as_ref().and_then(|commit| below(&format!("{view}/{commit}/{{path}}#L{{line}}"))),
        commit,
        run: Run { pipeline: env("GITHUB_WORKFLOW").unwrap_or_default(), number: run.0.map(|number| (number, run.1)) },
        link: env("GITHUB_RUN_ID").and_then(|id| below(&format!("actions/runs/{id}"))),
        repo,
    }
}

fn gitlab(env: &dyn Fn(&str) -> Option<String>) -> Found {
    let commit =
        env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").filter(|sha| !sha.is_empty()).or_else(|| env("CI_COMMIT_SHA"));
    let project = env("CI_PROJECT_URL");
    Found {
        platform: Some(Platform::GitLab),
        api: env("CI_API_V4_URL"),
        repo: env("CI_PROJECT_ID"),
        change: number(env, "CI_MERGE_REQUEST_IID"),
        source: commit.as_ref().zip(project).map(|(sha, url)| format!("{url}/-/blob/{sha}/{{path}}#L{{line}}")),
        commit,
        run: Run { pipeline: "gitlab".to_owned(), number: number(env, "CI_PIPELINE_IID").map(|iid| (iid, 1)) },
        link: env("CI_JOB_URL"),
    }
}

fn bitbucket(env: &dyn Fn(&str) -> Option<String>) -> Found {
    let repo = env("BITBUCKET_REPO_FULL_NAME");
    let commit = env("BITBUCKET_COMMIT");
    let build = number(env, "BITBUCKET_BUILD_NUMBER");
    let web = repo.as_ref().map(|repo| format!("https://bitbucket.org/{repo}"));
    let at = web.as_ref().zip(commit.as_ref());
    Found {
        platform: Some(Platform::Bitbucket),
        api: Some("https://api.bitbucket.org/2.0".to_owned()),
        change: number(env, "BITBUCKET_PR_ID"),
        source: at.map(|(web, commit)| format!("{web}/src/{commit}/{{path}}#lines-{{line}}")),
        run: Run { pipeline: "bitbucket".to_owned(), number: build.map(|build| (build, 1)) },
        link: web.as_ref().zip(build).map(|(web, build)| format!("{web}/pipelines/results/{build}")),
        repo,
        commit,
    }
}

fn azure(env: &dyn Fn(&str) -> Option<String>) -> Found {
    let collection = env("SYSTEM_COLLECTIONURI").or_else(|| env("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"));
    let collection = collection.map(|url| url.trim_end_matches('/').to_owned());
    let project = env("SYSTEM_TEAMPROJECT");
    // Only repositories of Azure itself have their changes there.
    let is_own = env("BUILD_REPOSITORY_PROVIDER").is_none_or(|provider| provider == "TfsGit");
    let repo = env("BUILD_REPOSITORY_NAME").filter(|_| is_own);
    let commit = env("SYSTEM_PULLREQUEST_SOURCECOMMITID").or_else(|| env("BUILD_SOURCEVERSION"));
    let build = number(env, "BUILD_BUILDID");
    let web = collection.as_ref().zip(project.as_ref()).map(|(url, project)| format!("{url}/{}", super::part(project)));
    let source = web.as_ref().zip(repo.as_ref()).zip(commit.as_ref()).map(|((web, repo), commit)| {
        let repo = super::part(repo);
        format!("{web}/_git/{repo}?path=/{{path}}&version=GC{commit}&line={{line}}&lineEnd={{line}}&lineStartColumn=1&lineEndColumn=1")
    });
    Found {
        platform: is_own.then_some(Platform::Azure),
        api: collection,
        repo: project.zip(repo).map(|(project, repo)| format!("{project}/{repo}")),
        change: number(env, "SYSTEM_PULLREQUEST_PULLREQUESTID"),
        commit,
        run: Run {
            pipeline: env("SYSTEM_DEFINITIONID").unwrap_or_default(),
            number: build.map(|build| (build, number(env, "SYSTEM_JOBATTEMPT").unwrap_or(1))),
        },
        link: web.zip(build).map(|(web, build)| format!("{web}/_build/results?buildId={build}")),
        source,
    }
}
