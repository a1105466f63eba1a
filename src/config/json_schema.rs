//! The JSON schema of configurations, for editors and generators: HCL's JSON form, in which a block is an
//! object under its word and its labels. Made from the table that the decoder uses and from what the
//! providers declare. Any value may also be an expression, `"${…}"`.

use crate::config::blocks;
use crate::config::blocks::Attribute;
use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::Ty;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::model::address::DATA;
use crate::model::login;
use crate::model::schema;
use crate::model::schema::App;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::Schemas;
use crate::model::schema::Type;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

/// The schema as text, with a final newline.
pub(crate) fn text(schemas: &Schemas) -> String {
    let mut writer = Writer { schemas, defs: Map::new() };
    let properties = named(blocks::TOP.iter().map(|form| (form.word, writer.block(form, None))));
    writer.defs.insert(
        "expression".to_owned(),
        json!({
            "description": "An expression, evaluated when the configuration is loaded.",
            "type": "string",
            "pattern": "\\$\\{",
        }),
    );
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A keyform configuration",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": writer.defs,
    });
    let mut out = serde_json::to_string_pretty(&schema).unwrap_or_default();
    out.push('\n');
    out
}

fn named<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Writes what is between the braces of each kind of block once, into `$defs`.
struct Writer<'a> {
    schemas: &'a Schemas,
    defs: Map<String, Json>,
}

impl Writer<'_> {
    /// A block under its word: labels are levels of objects.
    fn block(&mut self, form: &'static Form, within: Option<&'static Form>) -> Json {
        let schemas = self.schemas;
        let mut out = match form.word {
            "app_connection" => {
                let body = self.body(form, within);
                let apps = schemas.apps.values().map(|app| (&*app.slug, by_name(connection(&body, app))));
                json!({ "type": "object", "properties": named(apps), "additionalProperties": false })
            }
            DATA => {
                let kinds: Vec<(&str, Json)> = DATA_KINDS
                    .iter()
                    .map(|(kind, form)| (kind.word(), by_name(self.named_body(&format!("{DATA}.{kind}"), form, None))))
                    .collect();
                json!({ "type": "object", "properties": named(kinds), "additionalProperties": false })
            }
            "secret_sync" => {
                let body = self.body(form, within);
                let syncs = schemas.destinations.values().map(|to| (&*to.slug, by_name(sync(&body, to))));
                json!({ "type": "object", "properties": named(syncs), "additionalProperties": false })
            }
            _ if form.open == Open::Login => {
                let methods = login::METHODS.iter().map(|method| (method.word, by_login(method)));
                json!({ "type": "object", "properties": named(methods), "additionalProperties": false })
            }
            _ => {
                let body = self.body(form, within);
                let body = match form.count {
                    Count::One => body,
                    Count::Many => json!({ "anyOf": [body, { "type": "array", "items": body }] }),
                };
                form.labels.iter().fold(body, |inner, _| by_name(inner))
            }
        };
        describe(&mut out, form.doc);
        out
    }

    /// What is between the braces, besides what providers declare: a reference to its definition.
    fn body(&mut self, form: &'static Form, within: Option<&'static Form>) -> Json {
        let name = match within {
            Some(outer) => format!("{}.{}", outer.word, form.word),
            None => form.word.to_owned(),
        };
        self.named_body(&name, form, within)
    }

    fn named_body(&mut self, name: &str, form: &'static Form, within: Option<&'static Form>) -> Json {
        let shown = |attr: &&Attribute| !(within.is_some() && attr.name == "project");
        let mut properties = Map::new();
        for attr in form.attrs().filter(shown) {
            let mut schema = ty(attr.ty);
            describe(&mut schema, attr.doc);
            properties.insert(attr.name.to_owned(), schema);
        }
        let required: Vec<&str> =
            form.attrs().filter(shown).filter(|attr| attr.required).map(|attr| attr.name).collect();
        for inner in form.blocks().filter(|inner| !matches!(inner.open, Open::Destination | Open::Options)) {
            // `lifecycle` is the same for all resources.
            let outer = if inner.word == "lifecycle" && form.kind.is_some() { None } else { Some(form) };
            properties.insert(inner.word.to_owned(), self.block(inner, outer));
        }
        let mut out = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            out["required"] = json!(required);
        }
        // Providers add to these two; they close them.
        if !matches!(form.word, "app_connection" | "secret_sync") {
            out["additionalProperties"] = json!(form.open != Open::No);
        }
        let reference = json!({ "$ref": format!("#/$defs/{name}") });
        self.defs.insert(name.to_owned(), out);
        reference
    }
}

fn by_name(inner: Json) -> Json {
    json!({ "type": "object", "additionalProperties": inner })
}

fn by_login(method: &login::Method) -> Json {
    let fields = method.fields.iter().map(|field| {
        let mut schema = ty(if field.secret { Ty::Secret } else { Ty::String });
        describe(&mut schema, field.doc);
        (field.name, schema)
    });
    let required: Vec<&str> = method.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut out = json!({
        "type": "object",
        "properties": named(fields),
        "required": required,
        "additionalProperties": false,
    });
    describe(&mut out, method.doc);
    out
}

fn describe(schema: &mut Json, doc: &str) {
    if let (Json::Object(fields), false) = (schema, doc.is_empty()) {
        fields.insert("description".to_owned(), json!(doc));
    }
}

fn ty(ty: Ty) -> Json {
    match ty {
        Ty::String | Ty::Environment | Ty::Template | Ty::Type | Ty::Path | Ty::Address => json!({ "type": "string" }),
        Ty::Integer(low, high) => or_expression(json!({ "type": "integer", "minimum": low, "maximum": high })),
        Ty::Bool | Ty::Condition => or_expression(json!({ "type": "boolean" })),
        Ty::Strings | Ty::Refs | Ty::Tags => or_expression(json!({ "type": "array", "items": { "type": "string" } })),
        Ty::Map => or_expression(json!({ "type": "object", "additionalProperties": { "type": "string" } })),
        Ty::OneOf(words) => or_expression(json!({ "enum": words })),
        Ty::Ref(_) | Ty::Secret => reference(),
        Ty::Place => or_expression(json!({
            "type": "object",
            "properties": { "environment": { "type": "string" }, "path": { "type": "string" } },
            "required": ["environment"],
            "additionalProperties": false,
        })),
        Ty::Each => or_expression(json!({ "type": ["array", "object"] })),
        Ty::Any => json!({}),
        Ty::TextOrSecret | Ty::NameOf(_) => json!({ "type": "string" }),
        Ty::Objects(attrs) => {
            let properties = attrs.iter().map(|attr| {
                let mut schema = self::ty(attr.ty);
                describe(&mut schema, attr.doc);
                (attr.name, schema)
            });
            let required: Vec<&str> = attrs.iter().filter(|attr| attr.required).map(|attr| attr.name).collect();
            let item = json!({
                "type": "object",
                "properties": named(properties),
                "required": required,
                "additionalProperties": false,
            });
            or_expression(json!({ "type": "array", "items": item }))
        }
        Ty::Roles => or_expression(json!({
            "type": "array",
            "items": { "anyOf": [{ "type": "string" }, {
                "type": "object",
                "properties": {
                    "role": { "type": "string" },
                    "range": { "type": "string" },
                    "start": { "type": "string", "format": "date-time" },
                },
                "required": ["role", "range", "start"],
                "additionalProperties": false,
            }] },
        })),
    }
}

fn reference() -> Json {
    json!({ "$ref": "#/$defs/expression" })
}

fn or_expression(schema: Json) -> Json {
    json!({ "anyOf": [schema, reference()] })
}

/// The fields that a manifest declares.
fn fields<'a>(list: impl IntoIterator<Item = &'a Field>) -> (Map<String, Json>, Vec<String>) {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in list {
        let mut schema = if field.sensitive { reference() } else { or_expression(field_type(&field.ty)) };
        describe(&mut schema, &field.doc);
        properties.insert(field.name.to_string(), schema);
        if field.required && field.default.is_none() {
            required.push(field.name.to_string());
        }
    }
    (properties, required)
}

fn field_type(ty: &Type) -> Json {
    match ty {
        Type::String | Type::Path => json!({ "type": "string" }),
        Type::Form(schema::Form::Uuid) => json!({ "type": "string", "format": "uuid" }),
        Type::Form(schema::Form::Url) => json!({ "type": "string", "format": "uri" }),
        Type::Form(schema::Form::Hierarchy) => json!({ "type": "string", "pattern": "^/$|^/.*/$" }),
        Type::Form(schema::Form::Email) => json!({ "type": "string", "format": "email" }),
        Type::Number => json!({ "type": "number" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::List(of) => json!({ "type": "array", "items": field_type(of) }),
        Type::Map(of) => json!({ "type": "object", "additionalProperties": field_type(of) }),
        Type::Fields(names, of) => {
            let fields: serde_json::Map<_, _> = names.iter().map(|name| (name.to_string(), field_type(of))).collect();
            json!({ "type": "object", "properties": fields, "additionalProperties": false })
        }
        Type::OneOf(words) => json!({ "enum": words.iter().map(|word| &**word).collect::<Vec<_>>() }),
        Type::Any => json!({}),
    }
}

/// A connection: one shape for each method that can be declared.
fn connection(body: &Json, app: &App) -> Json {
    let methods: Vec<_> = app.methods.iter().filter(|(_, method)| !method.browser_only).collect();
    let shapes = methods.iter().map(|(name, method)| {
        let (mut properties, mut required) = fields(method.inputs());
        properties.insert("method".to_owned(), json!({ "const": &***name }));
        if methods.len() > 1 {
            required.push("method".to_owned());
        }
        json!({ "properties": properties, "required": required })
    });
    let mut out = body.clone();
    out["title"] = json!(&*app.title);
    if !methods.is_empty() {
        out["anyOf"] = json!(shapes.collect::<Vec<_>>());
    }
    out["unevaluatedProperties"] = json!(false);
    out
}

/// A sync: its `destination` has one shape for each variant.
fn sync(body: &Json, to: &Destination) -> Json {
    let shapes = to.variants.iter().map(|(name, variant)| {
        let (mut properties, mut required) = fields(&variant.fields);
        if let Some(selector) = &to.selector {
            properties.insert(selector.to_string(), json!({ "const": &**name }));
            if to.variants.len() > 1 {
                required.push(selector.to_string());
            }
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    });
    let mut own = json!({ "destination": { "anyOf": shapes.collect::<Vec<_>>() } });
    if !to.options.is_empty() {
        let (options, needed) = fields(&to.options);
        own["options"] =
            json!({ "type": "object", "properties": options, "required": needed, "additionalProperties": false });
    }
    let mut out = body.clone();
    out["title"] = json!(&*to.title);
    out["properties"] = own;
    out["unevaluatedProperties"] = json!(false);
    out
}
