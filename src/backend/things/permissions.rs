//! Permissions, of roles and of the roles in templates.

use crate::api::roles::Permission;
use crate::backend::things::object;
use crate::backend::things::sorted;
use crate::backend::things::text;
use crate::http::json;
use crate::model::attrs::Value;

/// As a configuration has them: actions sorted, and nothing that says nothing.
pub(super) fn read(list: Vec<Permission>) -> Value {
    let one = |permission: Permission| {
        let mut fields = object([
            ("subject", Value::string(permission.subject.unwrap_or_default())),
            ("action", sorted(permission.action)),
        ]);
        let conditions = permission.conditions.map(json::from_serde).unwrap_or_default();
        let is_empty = conditions.is_null() || conditions.as_object().is_some_and(|fields| fields.is_empty());
        if !is_empty {
            fields.insert("conditions".into(), conditions);
        }
        if permission.inverted {
            fields.insert("inverted".into(), Value::Bool(true));
        }
        Value::object(fields)
    };
    Value::list(list.into_iter().map(one).collect())
}

/// As they are sent.
pub(super) fn write(list: &[Value]) -> Vec<Permission> {
    let one = |item: &Value| {
        let fields = item.as_object()?;
        let actions = fields.get("action").and_then(Value::as_list).unwrap_or_default();
        Some(Permission {
            subject: Some(text(fields.get("subject")).to_owned()),
            action: actions.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            conditions: fields.get("conditions").and_then(json::to_serde),
            inverted: fields.get("inverted").and_then(Value::as_bool).unwrap_or(false),
        })
    };
    list.iter().filter_map(one).collect()
}
