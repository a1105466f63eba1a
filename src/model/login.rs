//! The ways to log in to a backend, as one table: what an `auth` block takes, which environment variables
//! stand for it where there is no block, and where the login goes. `config` decodes by it, the JSON schema
//! and the reference page are made from it, `backend` builds its requests from it.
//!
//! Addresses, fields of the wire and variables are those of the clients that Infisical publishes (Terraform
//! provider, Go SDK and CLI, 2026). A variable of a vendor (`AWS_REGION`) means what it means to the vendor.

/// A way to log in.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// The label of the `auth` block.
    pub word: &'static str,
    /// Where the login goes; `None` if there is nothing to log in for.
    pub route: Option<&'static str>,
    /// What it takes.
    pub fields: &'static [Field],
    /// What the machine itself adds to the request.
    pub proof: Proof,
    /// One sentence for the reference page.
    pub doc: &'static str,
}

/// An attribute of an `auth` block.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its name in the request; `None` if it only helps to make the proof.
    pub wire: Option<&'static str>,
    /// Whether it takes a secret source.
    pub secret: bool,
    /// Whether it must be given.
    pub required: bool,
    /// Environment variables that hold it, the first that is set counts.
    pub variables: &'static [&'static str],
    /// One sentence for the reference page.
    pub doc: &'static str,
}

/// How a machine shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// What the fields say is enough.
    None,
    /// A signed `GetCallerIdentity`, made with the machine's AWS credentials.
    Aws,
    /// An identity token of Google's metadata server, or one that a service account's key signs.
    Gcp,
    /// A token of Azure's metadata service.
    Azure,
    /// The token of a Kubernetes service account.
    Kubernetes,
    /// A request to Oracle's identity service, signed with a user's key.
    Oci,
}

const fn plain(
    name: &'static str,
    wire: Option<&'static str>,
    variables: &'static [&'static str],
    doc: &'static str,
) -> Field {
    Field { name, wire, secret: false, required: true, variables, doc }
}

const fn secret(
    name: &'static str,
    wire: Option<&'static str>,
    variables: &'static [&'static str],
    doc: &'static str,
) -> Field {
    Field { name, wire, secret: true, required: true, variables, doc }
}

const fn optional(field: Field) -> Field {
    Field { required: false, ..field }
}

const IDENTITY: Field =
    plain("identity_id", Some("identityId"), &["INFISICAL_MACHINE_IDENTITY_ID"], "The machine identity's id.");

const ORGANIZATION: Field = optional(plain(
    "organization",
    Some("organizationSlug"),
    &["INFISICAL_AUTH_ORGANIZATION_SLUG"],
    "The slug of the organisation to log in to, where an identity is in several.",
));

/// All of them.
pub static METHODS: &[Method] = &[
    Method {
        word: "universal",
        route: Some("/api/v1/auth/universal-auth/login"),
        fields: &[
            plain(
                "client_id",
                Some("clientId"),
                &["INFISICAL_UNIVERSAL_AUTH_CLIENT_ID"],
                "The machine identity's client id.",
            ),
            secret(
                "client_secret",
                Some("clientSecret"),
                &["INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"],
                "The machine identity's client secret.",
            ),
            ORGANIZATION,
        ],
        proof: Proof::None,
        doc: "Client id and client secret of a machine identity.",
    },
    Method {
        word: "token",
        route: None,
        fields: &[secret("token", None, &["INFISICAL_TOKEN"], "An access token.")],
        proof: Proof::None,
        doc: "An access token that was made elsewhere. It is used as it is until it ends.",
    },
    Method {
        word: "aws-iam",
        route: Some("/api/v1/auth/aws-auth/login"),
        fields: &[
            IDENTITY,
            optional(plain(
                "region",
                None,
                &["AWS_REGION", "AWS_DEFAULT_REGION"],
                "The region whose STS vouches for the machine; `us-east-1` by default.",
            )),
            ORGANIZATION,
        ],
        proof: Proof::Aws,
        doc: "The AWS credentials of this machine: environment, profile, single sign-on or the role of the instance.",
    },
    Method {
        word: "gcp",
        route: Some("/api/v1/auth/gcp-auth/login"),
        fields: &[
            IDENTITY,
            optional(secret(
                "service_account_key",
                None,
                &[],
                "The JSON key of a service account, for identities of the type GCP IAM. Without it, Google's metadata \
                 server is asked (`GCE_METADATA_HOST` names another one).",
            )),
            ORGANIZATION,
        ],
        proof: Proof::Gcp,
        doc: "The service account of this machine in Google Cloud, or the key of one.",
    },
    Method {
        word: "azure",
        route: Some("/api/v1/auth/azure-auth/login"),
        fields: &[
            IDENTITY,
            optional(plain(
                "resource",
                None,
                &[],
                "What the token is for; `https://management.azure.com/` by default.",
            )),
            optional(plain(
                "client_id",
                None,
                &["INFISICAL_AZURE_AUTH_CLIENT_ID"],
                "The client id of the user-assigned managed identity, where the machine has several.",
            )),
            ORGANIZATION,
        ],
        proof: Proof::Azure,
        doc: "The managed identity of this machine in Azure. `AZURE_POD_IDENTITY_AUTHORITY_HOST` names another metadata service.",
    },
    Method {
        word: "kubernetes",
        route: Some("/api/v1/auth/kubernetes-auth/login"),
        fields: &[
            IDENTITY,
            optional(secret(
                "service_account_token",
                None,
                &["INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN"],
                "The service account's token. Without it, the file of the pod is read, again for every login.",
            )),
            optional(plain(
                "token_path",
                None,
                &["INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"],
                "That file; `/var/run/secrets/kubernetes.io/serviceaccount/token` by default.",
            )),
            ORGANIZATION,
        ],
        proof: Proof::Kubernetes,
        doc: "The service account of this pod.",
    },
    Method {
        word: "oidc",
        route: Some("/api/v1/auth/oidc-auth/login"),
        fields: &[
            IDENTITY,
            secret("jwt", Some("jwt"), &["INFISICAL_AUTH_JWT"], "The token of the OpenID provider."),
            ORGANIZATION,
        ],
        proof: Proof::None,
        doc: "A token of an OpenID provider, as CI systems give to their jobs.",
    },
    Method {
        word: "jwt",
        route: Some("/api/v1/auth/jwt-auth/login"),
        fields: &[IDENTITY, secret("jwt", Some("jwt"), &["INFISICAL_JWT"], "The signed token."), ORGANIZATION],
        proof: Proof::None,
        doc: "A token signed with a key that the backend knows.",
    },
    Method {
        word: "ldap",
        route: Some("/api/v1/auth/ldap-auth/login"),
        fields: &[
            IDENTITY,
            plain("username", Some("username"), &["INFISICAL_LDAP_AUTH_USERNAME"], "The name in the directory."),
            secret("password", Some("password"), &["INFISICAL_LDAP_AUTH_PASSWORD"], "The password."),
            ORGANIZATION,
        ],
        proof: Proof::None,
        doc: "Name and password of an LDAP directory.",
    },
    Method {
        word: "oci",
        route: Some("/api/v1/auth/oci-auth/login"),
        fields: &[
            IDENTITY,
            plain("user_ocid", Some("userOcid"), &[], "The user's OCID."),
            plain("tenancy_ocid", None, &[], "The tenancy's OCID."),
            plain("region", None, &[], "The home region, as `us-ashburn-1`."),
            plain("fingerprint", None, &[], "The fingerprint of the user's API key."),
            secret("private_key", None, &[], "The user's API key: an RSA key as PEM, without a passphrase."),
            ORGANIZATION,
        ],
        proof: Proof::Oci,
        doc: "A user of Oracle Cloud with an API key.",
    },
];

/// The method that a word stands for; `aws_iam` is as good as `aws-iam`, as other tools write it.
#[must_use]
pub fn method(word: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.word == word.replace('_', "-"))
}

impl Method {
    /// Whether its variables alone say that it is meant: one of them is a credential.
    #[must_use]
    pub fn is_guessable(&self) -> bool {
        let mut required = self.fields.iter().filter(|field| field.required);
        required.clone().any(|field| field.secret) && required.all(|field| !field.variables.is_empty())
    }

    /// The field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
