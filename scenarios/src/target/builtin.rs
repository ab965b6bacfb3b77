//! The targets that come with the program. They are ordinary target files; nothing else is known about them.

/// Names and texts, in the order of reports: the control first, each model with its variants.
pub(super) const TARGETS: &[(&str, &str)] = &[
    ("no_auth", include_str!("../../targets/no_auth.toml")),
    ("session", include_str!("../../targets/session.toml")),
    (
        "session+local-cache",
        include_str!("../../targets/session+local-cache.toml"),
    ),
    (
        "session+signed-cookie",
        include_str!("../../targets/session+signed-cookie.toml"),
    ),
    ("jwt", include_str!("../../targets/jwt.toml")),
    ("jwt_cookie", include_str!("../../targets/jwt_cookie.toml")),
    (
        "jwt+denylist",
        include_str!("../../targets/jwt+denylist.toml"),
    ),
    (
        "jwt+denylist-push",
        include_str!("../../targets/jwt+denylist-push.toml"),
    ),
    ("jwt+epoch", include_str!("../../targets/jwt+epoch.toml")),
    (
        "jwt+status-list",
        include_str!("../../targets/jwt+status-list.toml"),
    ),
    ("jwt+no-exp", include_str!("../../targets/jwt+no-exp.toml")),
    ("opaque", include_str!("../../targets/opaque.toml")),
    (
        "opaque+cache",
        include_str!("../../targets/opaque+cache.toml"),
    ),
    (
        "opaque+cache+push",
        include_str!("../../targets/opaque+cache+push.toml"),
    ),
    ("hybrid", include_str!("../../targets/hybrid.toml")),
    (
        "hybrid+denylist-push",
        include_str!("../../targets/hybrid+denylist-push.toml"),
    ),
    ("gateway", include_str!("../../targets/gateway.toml")),
];

/// What built-in targets extend and is no target itself.
pub(super) const PARTS: &[(&str, &str)] = &[(
    "reference-servers",
    include_str!("../../targets/parts/reference-servers.toml"),
)];

/// The names of the built-in targets, in the order of reports.
pub fn names() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|(name, _)| *name)
}
