//! What a request is made of besides its URL.

use std::convert::Infallible;

use serde_json::Value as Json;

use super::template::{Reference, Template};

/// Named templates, in the order in which they are sent.
pub(crate) type Named = Vec<(String, Template)>;

/// What a request is made of besides its URL.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) method: String,
    pub(crate) headers: Named,
    /// Given: exactly these, and the credential's jar is left out both ways. Absent: the jar's.
    pub(crate) cookies: Option<Named>,
    pub(crate) client: Option<ClientAuthentication>,
    pub(crate) body: Body,
}

/// How the client itself is authenticated (RFC 6749 §2.3.1).
#[derive(Debug, Clone)]
pub(crate) enum ClientAuthentication {
    /// In the `Authorization` header.
    Basic { id: Template, secret: Template },
    /// As `client_id` and `client_secret` in the form.
    Post { id: Template, secret: Template },
}

/// What a request carries.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// `application/x-www-form-urlencoded`.
    Form(Named),
    /// `application/json`.
    Json(JsonTemplate),
    /// Text as it stands; what it is, a header says.
    Text(Template),
}

/// A JSON value whose texts are templates. Its numbers, its truths and the names of its members are literal.
#[derive(Debug, Clone)]
pub(crate) enum JsonTemplate {
    Literal(Json),
    Text(Template),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Parts {
    /// A request with nothing but its method.
    pub(super) fn bare(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            headers: Vec::new(),
            cookies: None,
            client: None,
            body: Body::Empty,
        }
    }

    /// Every template.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all: Vec<&Template> = Vec::new();
        all.extend(values(&self.headers));
        all.extend(self.cookies.iter().flat_map(values));
        if let Some(
            ClientAuthentication::Basic { id, secret } | ClientAuthentication::Post { id, secret },
        ) = &self.client
        {
            all.extend([id, secret]);
        }
        match &self.body {
            Body::Empty => {}
            Body::Form(form) => all.extend(values(form)),
            Body::Json(json) => json.collect_into(&mut all),
            Body::Text(text) => all.push(text),
        }
        all
    }

    /// The same without the headers, cookies, form fields and the client's own name that refer to what `gone` names; inside a body that is no
    /// form, `none` stands for it.
    pub(super) fn without(&self, gone: impl Fn(&Reference) -> bool + Copy) -> Self {
        let stays = |template: &Template| !template.references().any(gone);
        let list = |named: &Named| {
            let stay = named.iter().filter(|(_, template)| stays(template));
            stay.cloned().collect::<Named>()
        };
        let mut replaced = |template: &Template| Ok::<_, Infallible>(template.without(gone));
        Self {
            method: self.method.clone(),
            headers: list(&self.headers),
            cookies: self.cookies.as_ref().map(list),
            client: self.client.clone().filter(|client| match client {
                ClientAuthentication::Basic { id, secret }
                | ClientAuthentication::Post { id, secret } => stays(id) && stays(secret),
            }),
            body: match &self.body {
                Body::Empty => Body::Empty,
                Body::Form(form) => Body::Form(list(form)),
                Body::Json(json) => {
                    let Ok(json) = json.resolve(&mut replaced);
                    Body::Json(json)
                }
                Body::Text(text) => Body::Text(text.without(gone)),
            },
        }
    }

    /// The same with the references replaced that `known` knows.
    pub(super) fn resolve<E>(
        &self,
        mut known: impl FnMut(&Reference) -> Result<Option<String>, E>,
    ) -> Result<Self, E> {
        let mut one = |template: &Template| template.resolve(&mut known);
        Ok(Self {
            method: self.method.clone(),
            headers: named(&self.headers, &mut one)?,
            cookies: match &self.cookies {
                Some(cookies) => Some(named(cookies, &mut one)?),
                None => None,
            },
            client: match &self.client {
                Some(client) => Some(client.resolve(&mut one)?),
                None => None,
            },
            body: match &self.body {
                Body::Empty => Body::Empty,
                Body::Form(form) => Body::Form(named(form, &mut one)?),
                Body::Json(json) => Body::Json(json.resolve(&mut one)?),
                Body::Text(text) => Body::Text(one(text)?),
            },
        })
    }
}

impl ClientAuthentication {
    fn resolve<E>(
        &self,
        one: &mut impl FnMut(&Template) -> Result<Template, E>,
    ) -> Result<Self, E> {
        Ok(match self {
            Self::Basic { id, secret } => Self::Basic {
                id: one(id)?,
                secret: one(secret)?,
            },
            Self::Post { id, secret } => Self::Post {
                id: one(id)?,
                secret: one(secret)?,
            },
        })
    }
}

impl JsonTemplate {
    /// The JSON text, every reference replaced by what `render` makes of its template. Escaping is serde's.
    pub(crate) fn render<E>(
        &self,
        render: &impl Fn(&Template) -> Result<String, E>,
    ) -> Result<Json, E> {
        Ok(match self {
            Self::Literal(literal) => literal.clone(),
            Self::Text(template) => Json::String(render(template)?),
            Self::List(list) => list
                .iter()
                .map(|value| value.render(render))
                .collect::<Result<Vec<_>, E>>()?
                .into(),
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.render(render)?)));
                Json::Object(members.collect::<Result<_, E>>()?)
            }
        })
    }

    fn collect_into<'t>(&'t self, all: &mut Vec<&'t Template>) {
        match self {
            Self::Literal(_) => {}
            Self::Text(template) => all.push(template),
            Self::List(list) => list.iter().for_each(|value| value.collect_into(all)),
            Self::Object(members) => members
                .iter()
                .for_each(|(_, value)| value.collect_into(all)),
        }
    }

    fn resolve<E>(
        &self,
        one: &mut impl FnMut(&Template) -> Result<Template, E>,
    ) -> Result<Self, E> {
        Ok(match self {
            Self::Literal(literal) => Self::Literal(literal.clone()),
            Self::Text(template) => Self::Text(one(template)?),
            Self::List(list) => {
                let list = list.iter().map(|value| value.resolve(&mut *one));
                Self::List(list.collect::<Result<_, E>>()?)
            }
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.resolve(&mut *one)?)));
                Self::Object(members.collect::<Result<_, E>>()?)
            }
        })
    }
}

fn values(named: &Named) -> impl Iterator<Item = &Template> {
    named.iter().map(|(_, template)| template)
}

fn named<E>(
    named: &Named,
    one: &mut impl FnMut(&Template) -> Result<Template, E>,
) -> Result<Named, E> {
    named
        .iter()
        .map(|(name, template)| Ok((name.clone(), one(template)?)))
        .collect()
}
