//! Small stand-ins for products: their paths, parameter names, cookies and answers, as far as the example target files ask for them.

pub(crate) mod auth0_like;
pub(crate) mod django;
pub(crate) mod jwt;
pub(crate) mod keycloak;
pub(crate) mod spring_session;
