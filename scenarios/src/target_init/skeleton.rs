//! The file: what the description says, and a word on what it cannot say.

use super::Known;
use super::grant::{ClientMethod, Grant};
use super::metadata::Metadata;
use super::text::{quoted, remark, template};
use crate::target::SCHEMA;
use url::Url;

/// Where a request goes that the description has no address for.
const NO_ADDRESS: &str = "http://127.0.0.1:8080";
const ACCESS_TOKEN: &str = "access_token = { json = \"/access_token\" }";
const BOTH_TOKENS: &str =
    "access_token = { json = \"/access_token\" }, refresh_token = { json = \"/refresh_token\" }";

/// The text of a target file.
pub(super) fn skeleton(metadata: &Metadata, known: &Known, grant: Grant) -> String {
    let parts = Parts {
        metadata,
        known,
        grant,
        client: ClientMethod::of(
            metadata.token_endpoint_auth_methods_supported.as_deref(),
            grant != Grant::ClientCredentials,
        ),
    };
    [
        parts.heading(),
        parts.vars(),
        parts.users(),
        parts.tls(),
        parts.facts(),
        parts.login(),
        parts.refresh(),
        parts.logout(),
        parts.points(),
        parts.events(),
    ]
    .concat()
}

struct Parts<'a> {
    metadata: &'a Metadata,
    known: &'a Known,
    grant: Grant,
    client: ClientMethod,
}

impl Parts<'_> {
    fn heading(&self) -> String {
        format!(
            "# {issuer}: a first target file, made from the server's own description. What that cannot say is explained where it stands.\n\
             # `authbench check --target THIS_FILE` walks one user through it and says what does not fit; docs/targets.md explains every key.\n\
             # Hosts other than this machine need --allow-remote-target HOST.\n\
             schema = {SCHEMA:?}\n\
             name = {name}\n\
             model = \"oauth\"                         # stands in tables; any text\n\n",
            issuer = remark(&self.metadata.issuer),
            name = quoted(&self.known.name),
        )
    }

    fn vars(&self) -> String {
        let id = self.known.client_id.as_deref();
        let mut text = format!(
            "[vars]\nclient_id = {}            # as registered with the server\n",
            quoted(id.unwrap_or("authbench"))
        );
        if self.has_secret() {
            text += "client_secret = \"${env.CLIENT_SECRET}\"  # secrets come from the environment, never from this file\n";
        }
        if self.grant != Grant::ClientCredentials {
            text += "password = \"${env.USER_PASSWORD}\"\n";
        }
        if self.grant == Grant::AuthorizationCode {
            text += "redirect_uri = \"http://127.0.0.1/callback\"  # one that is registered; nobody need listen, the code is read from the redirect\n";
        }
        text + "\n"
    }

    /// Whether the client authenticates anywhere with a secret.
    fn has_secret(&self) -> bool {
        let metadata = self.metadata;
        self.client != ClientMethod::Public || metadata.introspection_endpoint.is_some()
    }

    fn users(&self) -> String {
        let text = match self.grant {
            Grant::ClientCredentials => {
                "# There is no user in this grant: every credential is the client's own, and these numbers only count them.\n\
                 [users]\ncount = 5000\nname = \"client-${number:04}\"\npassword = \"${vars.client_secret}\"\n"
            }
            Grant::AuthorizationCode | Grant::Password => {
                "# Accounts made for tests: loadtest-0000 … exist, all with this password. A run needs one for each credential, and one for each\n\
                 # revocation, which may end the account. Accounts with passwords of their own: csv = \"FILE\".\n\
                 [users]\ncount = 5000\nname = \"loadtest-${number:04}\"\npassword = \"${vars.password}\"\n"
            }
        };
        text.to_owned() + "\n"
    }

    fn tls(&self) -> String {
        if self.known.ca_files.is_empty() {
            return String::new();
        }
        let files = self.known.ca_files.iter().map(|file| quoted(file));
        let files: Vec<String> = files.collect();
        format!("[tls]\nca_file = [{}]\n\n", files.join(", "))
    }

    fn facts(&self) -> String {
        "# Durations that bounds are made of, as the system promises them. The description does not have them; `authbench check` says so where\n\
         # expires_in or a token's exp contradict them. Add leeway, or the lifetime of a cache, where a resource server has one.\n\
         [facts]\naccess_ttl = \"300s\"                    # how long an access token lives\n\n\
         # How much load the target may get. Other machines start at 20 requests, 2 logins and 1 administrator's call per second.\n\
         # [limits]\n# requests_per_s = 200\n# logins_per_s = 10\n# admin_calls_per_s = 2\n\n"
            .to_owned()
    }

    fn login(&self) -> String {
        let capture = match self.refreshes() {
            true => BOTH_TOKENS,
            false => ACCESS_TOKEN,
        };
        let (before, form) = match self.grant {
            Grant::AuthorizationCode => (
                self.authorization(),
                "grant_type = \"authorization_code\", code = \"${code}\", redirect_uri = \"${vars.redirect_uri}\", code_verifier = \"${pkce.verifier}\"",
            ),
            Grant::Password => (
                "# The user's password, straight to the token endpoint (RFC 6749 §4.3).\n"
                    .to_owned(),
                "grant_type = \"password\", username = \"${user.name}\", password = \"${user.password}\"",
            ),
            Grant::ClientCredentials => (
                "# The client itself (RFC 6749 §4.4).\n".to_owned(),
                "grant_type = \"client_credentials\"",
            ),
        };
        format!(
            "{before}{}[[login]]\n{}expect = 200\ncapture = {{ {capture} }}\n\n",
            self.out_of_reach(),
            self.at_token_endpoint(form)
        )
    }

    /// The steps to the code: the login page, and its form.
    fn authorization(&self) -> String {
        let endpoint = self.metadata.authorization_endpoint.as_deref();
        let endpoint = endpoint.unwrap_or(NO_ADDRESS);
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        let scope = match self.metadata.has_scope("openid") {
            true => "&scope=openid",
            false => "",
        };
        let page = format!(
            "GET {}{joint}response_type=code&client_id=${{vars.client_id}}&redirect_uri=${{vars.redirect_uri}}{scope}&state=${{uuid}}\
             &code_challenge=${{pkce.challenge}}&code_challenge_method=S256",
            endpoint.replace("${", "$${")
        );
        let form = format!("POST {}/login", origin(endpoint).replace("${", "$${"));
        format!(
            "# The login page: authorization code with PKCE (RFC 6749 §4.1, RFC 7636). Redirects to it are followed, cookies kept.\n\
             [[login]]\nrequest = {}\nexpect = 200\nfollow = {{ max = 5 }}\n\
             # A CSRF token in the page goes into the form's fields below; so does any hidden field that the page has:\n\
             # capture = {{ csrf = {{ html = \"input[name=csrf]\", attr = \"value\" }} }}\n\n\
             # The form in that page. The description does not say where it goes and what its fields are called: see `action` and the names of\n\
             # the inputs in the page's source. Its answer is the redirect that carries the code; a consent page would be one more step.\n\
             [[login]]\nrequest = {}\nform = {{ username = \"${{user.name}}\", password = \"${{user.password}}\" }}\nexpect = [302, 303]\n\
             capture = {{ code = {{ header = \"location\", query = \"code\" }} }}\n\n\
             # The code for tokens.\n",
            template(&page),
            template(&form)
        )
    }

    fn refreshes(&self) -> bool {
        self.grant != Grant::ClientCredentials && self.metadata.supports("refresh_token")
    }

    fn refresh(&self) -> String {
        if !self.refreshes() {
            return "# No [[refresh]]: credentials are renewed by a new login.\n\n".to_owned();
        }
        let form = "grant_type = \"refresh_token\", refresh_token = \"${refresh_token}\"";
        format!(
            "# A server that does not rotate refresh tokens sends no new one: capture the access token only then.\n\
             [[refresh]]\n{}expect = 200\ncapture = {{ {BOTH_TOKENS} }}\n\n",
            self.at_token_endpoint(form)
        )
    }

    fn logout(&self) -> String {
        match self.revocation() {
            Some(request) => format!(
                "# Revocation (RFC 7009). Of a refresh token, it ends the whole grant where the server supports that (§2.1).\n[[logout]]\n{request}\n"
            ),
            None => {
                let session = self.metadata.end_session_endpoint.as_deref();
                let session = session.map(|endpoint| {
                    format!(
                        " It has a page that ends the browser's session: {}.",
                        remark(endpoint)
                    )
                });
                format!(
                    "# The description names no revocation endpoint (RFC 7009), so there is no [[logout]] and no logout event here.{}\n\n",
                    session.unwrap_or_default()
                )
            }
        }
    }

    /// The body of the step that revokes.
    fn revocation(&self) -> Option<String> {
        let endpoint = self.metadata.revocation_endpoint.as_deref()?;
        let token = match self.refreshes() {
            true => "token = \"${refresh_token}\", token_type_hint = \"refresh_token\"",
            false => "token = \"${access_token}\", token_type_hint = \"access_token\"",
        };
        let methods = &self.metadata.revocation_endpoint_auth_methods_supported;
        let client = match methods {
            Some(methods) => ClientMethod::of(Some(methods), self.client == ClientMethod::Public),
            None => self.client,
        };
        Some(format!("{}expect = 200\n", posted(endpoint, client, token)))
    }

    fn points(&self) -> String {
        let userinfo = self.metadata.userinfo_endpoint.as_deref();
        let userinfo = userinfo.filter(|_| self.grant == Grant::AuthorizationCode);
        let (remark, request) = match userinfo {
            Some(endpoint) => (
                "# Where a credential is accepted or refused. UserInfo takes access tokens; put your own API in its place, or beside it.",
                format!("GET {}", endpoint.replace("${", "$${")),
            ),
            None => (
                "# Where a credential is accepted or refused: put the address of your own API here, a request that needs the token and changes nothing.",
                format!("GET {NO_ADDRESS}/resource"),
            ),
        };
        let mut text = format!(
            "{remark}\n[[point]]\nname = \"api\"\nrequest = {}\nheaders = {{ authorization = \"Bearer ${{access_token}}\" }}\n\
             accept = {{ status = 200 }}\nrefuse = {{ status = 401 }}\n\n",
            template(&request)
        );
        if let Some(endpoint) = &self.metadata.introspection_endpoint {
            let methods = &self.metadata.introspection_endpoint_auth_methods_supported;
            let methods = methods.as_deref().or(self
                .metadata
                .token_endpoint_auth_methods_supported
                .as_deref());
            let client = ClientMethod::of(methods, false);
            text += &format!(
                "# What the server itself says of the token (RFC 7662): probed, but no place for user traffic.\n[[point]]\nname = \"introspection\"\n{}\
                 accept = {{ status = 200, json = {{ \"/active\" = true }} }}\nrefuse = {{ status = 200, json = {{ \"/active\" = false }} }}\n\
                 traffic = false\n\n",
                posted(endpoint, client, "token = \"${access_token}\"")
            );
        }
        text
    }

    fn events(&self) -> String {
        let mut text = String::new();
        if let Some(request) = self.revocation() {
            let introspection = match &self.metadata.introspection_endpoint {
                Some(_) => ", introspection = \"0s\"",
                None => "",
            };
            let refresh = match self.refreshes() {
                true => "refresh_after = \"refused\"\n",
                false => "",
            };
            text += &format!(
                "# After this, how long is the credential still accepted? A bound is what the system promises: access_ttl where a resource server only\n\
                 # verifies a signature, 0s where it asks the server at every request. Without a bound the lag is measured and nothing is judged.\n\
                 [[event]]\nname = \"logout\"\nbound = {{ api = \"access_ttl\"{introspection} }}\n{refresh}\n[[event.step]]\n{request}\n"
            );
        }
        text + "# The disabling of an account is an administrator's call, and undone after each revocation:\n\
                # [[admin_login]] …                     # captures, say, a token\n\
                # [[event]]\n# name = \"account_disabled\"\n# bound = { api = \"access_ttl\" }\n\
                # [[event.step]]\n# request = \"POST https://admin.example/users/${user.name}/disable\"\n\
                # headers = { authorization = \"Bearer ${admin.token}\" }\n# cookies = {}\n# expect = 204\n\
                # [[event.undo]]\n# request = \"POST https://admin.example/users/${user.name}/enable\"\n\
                # headers = { authorization = \"Bearer ${admin.token}\" }\n# cookies = {}\n# expect = 204\n"
    }

    fn at_token_endpoint(&self, form: &str) -> String {
        let endpoint = self.metadata.token_endpoint.as_deref();
        posted(endpoint.unwrap_or(NO_ADDRESS), self.client, form)
    }

    fn out_of_reach(&self) -> String {
        if self.client != ClientMethod::OutOfReach {
            return String::new();
        }
        let methods = self.metadata.token_endpoint_auth_methods_supported.iter();
        let methods: Vec<String> = methods.flatten().map(|method| remark(method)).collect();
        format!(
            "# The server authenticates clients by {} only. HTTP Basic stands below; let a command make the assertion or the token\n\
             # instead (command = […], run with --allow-commands), or register a client with a secret for the tests.\n",
            methods.join(", ")
        )
    }
}

/// A form for `endpoint`, with which the client authenticates by `client`.
fn posted(endpoint: &str, client: ClientMethod, form: &str) -> String {
    let (client, form) = match client {
        ClientMethod::Basic | ClientMethod::OutOfReach => (
            "client = { basic = [\"${vars.client_id}\", \"${vars.client_secret}\"] }\n",
            form.to_owned(),
        ),
        ClientMethod::Post => (
            "client = { post = [\"${vars.client_id}\", \"${vars.client_secret}\"] }\n",
            form.to_owned(),
        ),
        ClientMethod::Public => ("", format!("client_id = \"${{vars.client_id}}\", {form}")),
    };
    let request = format!("POST {}", endpoint.replace("${", "$${"));
    format!(
        "request = {}\n{client}form = {{ {form} }}\n",
        template(&request)
    )
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
    origin.unwrap_or_else(|_| NO_ADDRESS.to_owned())
}
