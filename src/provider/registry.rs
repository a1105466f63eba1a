//! All providers that are known: the built-in manifests and the user's own.

use crate::config::overlay::Overlay;
use crate::diag;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::disk;
use crate::http::client::Client;
use crate::model::attrs::Attrs;
use crate::model::schema::Schemas;
use crate::provider::Destination;
use crate::provider::Inner;
use crate::provider::Spec;
use crate::provider::driver::Driver;
use crate::provider::driver::session::Session;
use crate::provider::lint;
use crate::provider::manifest::Manifest;
use crate::provider::manifest::load::load;
use crate::provider::manifest::slots::fields_of;
use crate::provider::memory;
use crate::provider::memory::Memory;
use crate::provider::memory::Shelf;
use crate::provider::native::files::Files;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The built-in manifests. A new app is a file and a line.
const BUILTIN: [(&str, &str); 44] = [
    ("providers/1password.hcl", include_str!("../../providers/1password.hcl")),
    ("providers/aws.hcl", include_str!("../../providers/aws.hcl")),
    ("providers/azure-app-configuration.hcl", include_str!("../../providers/azure-app-configuration.hcl")),
    ("providers/azure-devops.hcl", include_str!("../../providers/azure-devops.hcl")),
    ("providers/azure-key-vault.hcl", include_str!("../../providers/azure-key-vault.hcl")),
    ("providers/bitbucket.hcl", include_str!("../../providers/bitbucket.hcl")),
    ("providers/camunda.hcl", include_str!("../../providers/camunda.hcl")),
    ("providers/checkly.hcl", include_str!("../../providers/checkly.hcl")),
    ("providers/chef.hcl", include_str!("../../providers/chef.hcl")),
    ("providers/circleci.hcl", include_str!("../../providers/circleci.hcl")),
    ("providers/cloudflare.hcl", include_str!("../../providers/cloudflare.hcl")),
    ("providers/connections/certificates.hcl", include_str!("../../providers/connections/certificates.hcl")),
    ("providers/connections/databases.hcl", include_str!("../../providers/connections/databases.hcl")),
    ("providers/connections/delivery.hcl", include_str!("../../providers/connections/delivery.hcl")),
    ("providers/connections/identity.hcl", include_str!("../../providers/connections/identity.hcl")),
    ("providers/connections/networks.hcl", include_str!("../../providers/connections/networks.hcl")),
    ("providers/connections/services.hcl", include_str!("../../providers/connections/services.hcl")),
    ("providers/databricks.hcl", include_str!("../../providers/databricks.hcl")),
    ("providers/digital-ocean.hcl", include_str!("../../providers/digital-ocean.hcl")),
    ("providers/flyio.hcl", include_str!("../../providers/flyio.hcl")),
    ("providers/gcp.hcl", include_str!("../../providers/gcp.hcl")),
    ("providers/github.hcl", include_str!("../../providers/github.hcl")),
    ("providers/gitlab.hcl", include_str!("../../providers/gitlab.hcl")),
    ("providers/hashicorp.hcl", include_str!("../../providers/hashicorp.hcl")),
    ("providers/heroku.hcl", include_str!("../../providers/heroku.hcl")),
    ("providers/humanitec.hcl", include_str!("../../providers/humanitec.hcl")),
    ("providers/laravel-forge.hcl", include_str!("../../providers/laravel-forge.hcl")),
    ("providers/local.hcl", include_str!("../../providers/local.hcl")),
    ("providers/netlify.hcl", include_str!("../../providers/netlify.hcl")),
    ("providers/northflank.hcl", include_str!("../../providers/northflank.hcl")),
    ("providers/oci.hcl", include_str!("../../providers/oci.hcl")),
    ("providers/octopus-deploy.hcl", include_str!("../../providers/octopus-deploy.hcl")),
    ("providers/ona.hcl", include_str!("../../providers/ona.hcl")),
    ("providers/qovery.hcl", include_str!("../../providers/qovery.hcl")),
    ("providers/railway.hcl", include_str!("../../providers/railway.hcl")),
    ("providers/render.hcl", include_str!("../../providers/render.hcl")),
    ("providers/supabase.hcl", include_str!("../../providers/supabase.hcl")),
    ("providers/teamcity.hcl", include_str!("../../providers/teamcity.hcl")),
    ("providers/terraform-cloud.hcl", include_str!("../../providers/terraform-cloud.hcl")),
    ("providers/travis-ci.hcl", include_str!("../../providers/travis-ci.hcl")),
    ("providers/trigger-dev.hcl", include_str!("../../providers/trigger-dev.hcl")),
    ("providers/vercel.hcl", include_str!("../../providers/vercel.hcl")),
    ("providers/windmill.hcl", include_str!("../../providers/windmill.hcl")),
    ("providers/zabbix.hcl", include_str!("../../providers/zabbix.hcl")),
];

/// The directory of manifests beside a configuration.
pub const MANIFESTS: &str = "providers";

/// All providers that are known.
pub struct Registry {
    manifests: BTreeMap<Arc<str>, Arc<Manifest>>,
    schemas: Schemas,
    /// The apps of the built-in manifests.
    builtin: BTreeSet<Arc<str>>,
    /// Tells places apart by their credentials without naming these.
    key: FingerprintKey,
    /// Where all destinations are, if they are in memory.
    shelf: Option<Shelf>,
}

impl Registry {
    /// The built-in ones.
    ///
    /// # Errors
    /// A built-in manifest is bad: a mistake in this build.
    pub fn builtin() -> Result<Self, Diagnostics> {
        let mut acc = Diagnostics::new();
        let mut sources = Sources::new();
        let mut registry = Self {
            manifests: BTreeMap::new(),
            schemas: Schemas::default(),
            builtin: BTreeSet::new(),
            key: FingerprintKey::generate(),
            shelf: None,
        };
        for (name, text) in BUILTIN {
            registry.load(&mut acc, &mut sources, name, text);
        }
        if acc.has_errors() {
            return Err(located(acc, &sources));
        }
        registry.builtin = registry.manifests.keys().cloned().collect();
        Ok(registry)
    }

    /// The built-in ones and those beside the configuration of a directory, and above it if it lies within `providers/`: there
    /// it tries one of the manifests. `None` if one is bad.
    pub fn beside(acc: &mut Diagnostics, sources: &mut Sources, dir: &Path, overlay: &Overlay) -> Option<Self> {
        let mut found = Diagnostics::new();
        let mut registry = Self::builtin().map_err(|diagnostics| acc.extend(diagnostics)).ok()?;
        registry.add_user_manifests(&mut found, sources, &dir.join(MANIFESTS), overlay);
        let above = std::fs::canonicalize(dir).ok().and_then(|dir| Some(dir.parent()?.to_owned()));
        if let Some(above) = above.filter(|above| above.ends_with(MANIFESTS)) {
            registry.add_user_manifests(&mut found, sources, &above, overlay);
        }
        let failed = found.has_errors();
        acc.extend(found);
        (!failed).then_some(registry)
    }

    /// The same, but every destination is in memory: nothing is sent, no file touched, and every credential is taken.
    #[must_use]
    pub fn in_memory(self, shelf: Shelf) -> Self {
        Self { key: shelf.key.clone(), shelf: Some(shelf), ..self }
    }

    /// Adds the manifests of a directory, if it exists: `providers/*.hcl` beside a configuration. Problems
    /// go to `acc`, texts to `sources`. Gives the slugs of the destinations that were added. What `overlay` has stands before the
    /// texts of files.
    pub fn add_user_manifests(
        &mut self,
        acc: &mut Diagnostics,
        sources: &mut Sources,
        dir: &Path,
        overlay: &Overlay,
    ) -> Vec<String> {
        let files = std::fs::read_dir(dir).map(|files| files.filter_map(|file| Some(file.ok()?.path())).collect());
        let mut paths: Vec<_> = match files {
            Ok(paths) => paths,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => {
                let detail = format!("`{}` can't be read: {}.", dir.display(), e.kind());
                acc.push(Diagnostic::error(&codes::FILE_ERROR, detail));
                return Vec::new();
            }
        };
        paths.extend(overlay.names(dir).map(|name| dir.join(name)));
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "hcl"));
        paths.sort();
        paths.dedup();
        let mut added = Vec::new();
        for path in paths {
            let name = path.display().to_string();
            match overlay.text(&path).map_or_else(|| disk::read_text(&path), |text| Ok(text.to_string())) {
                // A copy of a built-in one changes nothing, as in keyform's own repository.
                Ok(text) if BUILTIN.iter().any(|(_, builtin)| *builtin == text) => {}
                Ok(text) => added.extend(self.load(acc, sources, &name, &text)),
                Err(e) => acc.push(Diagnostic::error(
                    &codes::FILE_ERROR,
                    format!("`{name}` can't be read: {}.", diag::why(e.kind())),
                )),
            }
        }
        added
    }

    /// Adds the manifests of one text, as [`Registry::add_user_manifests`] does, and says what is odd about them. Gives the
    /// slugs of their apps and destinations.
    pub fn check(&mut self, acc: &mut Diagnostics, sources: &mut Sources, name: &str, text: &str) -> Vec<String> {
        let id = sources.add_plain(name, text);
        let manifests = sources.get(id).cloned().map(|source| load(acc, id, &source)).unwrap_or_default();
        if !acc.has_errors() {
            manifests.iter().for_each(|manifest| lint::lint(acc, manifest));
        }
        let slugs = |manifest: &Manifest| {
            let app = manifest.app.slug.to_string();
            std::iter::once(app).chain(manifest.destinations.keys().map(ToString::to_string)).collect::<BTreeSet<_>>()
        };
        let slugs = manifests.iter().flat_map(slugs).collect();
        // A copy of a built-in one is no second one.
        if !BUILTIN.iter().any(|(_, builtin)| *builtin == text) {
            manifests.into_iter().for_each(|manifest| {
                self.add(acc, name, manifest);
            });
        }
        slugs
    }

    /// Adds the manifests of one text. Gives the slugs of its destinations.
    fn load(&mut self, acc: &mut Diagnostics, sources: &mut Sources, name: &str, text: &str) -> Vec<String> {
        let id = sources.add_plain(name, text);
        let manifests = sources.get(id).cloned().map(|source| load(acc, id, &source));
        manifests.into_iter().flatten().flat_map(|manifest| self.add(acc, name, manifest)).collect()
    }

    fn add(&mut self, acc: &mut Diagnostics, name: &str, manifest: Manifest) -> Vec<String> {
        let slug = manifest.app.slug.clone();
        let taken = manifest.destinations.keys().find(|slug| self.schemas.destinations.contains_key(*slug));
        let app = self.manifests.contains_key(&slug).then_some(&slug);
        if let Some(taken) = app.or(taken) {
            let detail = format!("`{name}` declares `{taken}`, which exists already.");
            acc.push(Diagnostic::error(&codes::DUPLICATE_PROVIDER, detail));
            return Vec::new();
        }
        let added = manifest.destinations.keys().map(ToString::to_string).collect();
        self.schemas.apps.insert(slug.clone(), manifest.app.clone());
        for (slug, place) in &manifest.destinations {
            self.schemas.destinations.insert(slug.clone(), place.schema.clone());
        }
        self.manifests.insert(slug, Arc::new(manifest));
        added
    }

    /// What connections and destinations take.
    #[must_use]
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// The manifest of an app.
    #[must_use]
    pub fn manifest(&self, app: &str) -> Option<&Manifest> {
        self.manifests.get(app).map(|manifest| &**manifest)
    }

    /// Whether an app's manifest is one of keyform's own.
    #[must_use]
    pub fn is_builtin(&self, app: &str) -> bool {
        self.builtin.contains(app)
    }

    /// The inputs of a destination that say where it is, for as much as its requests show. `None` for code instead of requests.
    #[must_use]
    pub fn locating(&self, slug: &str, variant: &str) -> Option<BTreeSet<Arc<str>>> {
        let manifest = self.schemas.destinations.get(slug).and_then(|schema| self.manifests.get(&schema.app))?;
        let shape = manifest.destinations.get(slug)?.variants.get(variant)?;
        let talks = [&manifest.talk, &shape.talk].into_iter().chain(manifest.methods.values());
        let mut exprs = shape.reading();
        exprs.extend(talks.flat_map(|talk| talk.base_url.iter().chain(&talk.headers)));
        (!shape.native).then(|| fields_of(&exprs, "destination"))
    }

    /// Opens a destination. Nothing is sent yet.
    ///
    /// # Errors
    /// The destination, the method or the variant is unknown, or an address is malformed.
    pub fn open(&self, spec: &Spec, client: &Client) -> Result<Destination, Diagnostic> {
        let unknown = |detail: String| Diagnostic::error(&codes::UNKNOWN_DESTINATION, detail);
        let found = self.schemas.destinations.get(&spec.slug).and_then(|schema| self.manifests.get(&schema.app));
        let Some((manifest, place)) =
            found.and_then(|manifest| Some((manifest, manifest.destinations.get(&spec.slug)?)))
        else {
            let known = self.schemas.destinations.keys().map(|slug| &**slug);
            return Err(unknown(format!("There is no destination `{}`.", spec.slug)).did_you_mean(&spec.slug, known));
        };
        let selected = place.schema.selector.as_deref().and_then(|selector| spec.destination.get(selector)?.as_str());
        let variant = selected.unwrap_or("");
        let (Some(schema), Some(shape)) = (place.schema.variants.get(variant), place.variants.get(variant)) else {
            let detail = format!("`{}` has no variant `{variant}`.", spec.slug);
            return Err(unknown(detail).did_you_mean(variant, place.schema.variants.keys().map(|name| &**name)));
        };
        let inner = if shape.native {
            Inner::Files(Arc::new(Files::open(spec, variant, schema.clone())?))
        } else {
            let is_signed = self.shelf.is_none();
            let session = Session::open(manifest.clone(), &spec.method, &spec.connection, client, is_signed)?;
            Inner::Api(Arc::new(Driver::open(session, &place.schema, variant, shape, spec, &self.key)?))
        };
        let real = Destination { inner };
        let Some(shelf) = &self.shelf else { return Ok(real) };
        let memory = Memory {
            shelf: shelf.clone(),
            variant: real.variant().clone(),
            place: real.place(),
            home: real.home(),
            shows: memory::shows(shape),
        };
        Ok(Destination { inner: Inner::Memory(Arc::new(memory)) })
    }

    /// Checks that a connection's credentials are taken.
    ///
    /// # Errors
    /// They are not, or the service can't be reached.
    pub async fn verify(
        &self,
        app: &str,
        method: &str,
        inputs: &Attrs,
        client: &Client,
    ) -> Result<Option<Arc<str>>, Diagnostic> {
        let Some(manifest) = self.manifests.get(app) else {
            let known = self.manifests.keys().map(|slug| &**slug);
            let unknown = Diagnostic::error(&codes::UNKNOWN_DESTINATION, format!("There is no app `{app}`."));
            return Err(unknown.did_you_mean(app, known));
        };
        let session = Session::open(manifest.clone(), method, inputs, client, self.shelf.is_none())?;
        if self.shelf.is_some() { Ok(None) } else { session.verify().await }
    }
}

/// Labels turned into words: nobody else has these texts.
fn located(acc: Diagnostics, sources: &Sources) -> Diagnostics {
    let mut out = Diagnostics::new();
    for mut diagnostic in acc {
        if let Some(label) = diagnostic.labels.first()
            && let (Some(source), Some((line, column))) =
                (sources.get(label.span.source), sources.line_column(label.span))
        {
            diagnostic.detail = format!("{} ({}:{line}:{column})", diagnostic.detail, source.name);
        }
        diagnostic.labels.clear();
        out.push(diagnostic);
    }
    out
}
