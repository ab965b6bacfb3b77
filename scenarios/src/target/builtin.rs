//! The targets that come with the program. They are ordinary target files; nothing else is known about them.

/// Names and texts, in the order of reports: the control first.
pub(super) const TARGETS: &[(&str, &str)] = &[
    ("no_auth", include_str!("../../targets/no_auth.toml")),
    ("session", include_str!("../../targets/session.toml")),
    ("jwt", include_str!("../../targets/jwt.toml")),
    ("jwt_cookie", include_str!("../../targets/jwt_cookie.toml")),
    ("opaque", include_str!("../../targets/opaque.toml")),
    ("hybrid", include_str!("../../targets/hybrid.toml")),
];

/// The names of the built-in targets, in the order of reports.
pub fn names() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|(name, _)| *name)
}
