# Amazon Web Services: Parameter Store and Secrets Manager, spoken to in their JSON 1.1 protocol.
provider "aws" {
  title    = "Amazon Web Services"
  docs     = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/"
  verified = "2026-11-21"
  signer   = "aws"

  connection "access-key" {
    access_key_id     = string
    secret_access_key = sensitive
  }
  # The role is assumed with the credentials of the machine that keyform runs on.
  connection "assume-role" {
    role_arn     = sensitive
    sts_endpoint = optional(string) # another STS endpoint than the region's own
  }

  # The signer knows better: the partition of the role, the region of the machine, another endpoint.
  base_url = "https://sts.us-east-1.amazonaws.com"
  verify {
    request = "POST /"
    form    = { Action = "GetCallerIdentity", Version = "2011-06-15" }
  }

  # Errors are 400 with the name of the exception behind an optional prefix and a hash.
  errors {
    message = format("%s %s", get(response, "__type", ""), get(response, "message", get(response, "Message", "")))
    refused = can(regex("(UnrecognizedClientException|InvalidClientTokenId|ExpiredTokenException|InvalidSignatureException|IncompleteSignature|MissingAuthenticationTokenException)$", response.__type))
  }
  retry = status == 400 && can(regex("(ThrottlingException|TooManyUpdates|RequestLimitExceeded)$", response.__type))

  destination "aws-parameter-store" {
    privileges {
      needed   = ["ssm:GetParametersByPath", "ssm:PutParameter", "ssm:DeleteParameters"]
      source   = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html"
      verified = "2026-11-22"
    }
    title  = "AWS Parameter Store"
    import = true

    region = string
    path   = hierarchy # begins and ends with a slash: /payments/prod/

    options {
      key_id                       = optional(string)      # KMS key: id, ARN or alias; default alias/aws/ssm
      tags                         = optional(list(any))   # { key, value }, written along with a value (one request more for a parameter that is there); tags of others stay
      sync_secret_metadata_as_tags = remote(optional(bool, false)) # of a remote backend's own syncs
    }

    base_url = "https://ssm.${destination.region}.amazonaws.com${startswith(destination.region, "cn-") ? ".cn" : ""}"

    key {
      matches    = "[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*"
      max_length = 900
    }
    # 4 KB in the standard tier, 8 KB in the advanced one, which is asked for from 4 KB on (5460 characters of
    # base64).
    value {
      max_bytes = 8192
      empty     = false
    }
    limits {
      entries     = 10000
      concurrency = 3 # puts are throttled at a few a second
    }

    # One level below the path, and below what the key schema adds to it. Pages may be short, or empty, while
    # there is a token.
    list {
      request = "POST /"
      headers = { X-Amz-Target = "AmazonSSM.GetParametersByPath", Content-Type = "application/x-amz-json-1.1" }
      json    = compact({ Path = "${destination.path}${try(regex("^.*/", key_schema.prefix), "")}", Recursive = false, WithDecryption = true, MaxResults = 10, NextToken = cursor })
      items = [for it in response.Parameters : {
        key     = trimprefix(it.Name, destination.path)
        value   = it.Value
        id      = it.Name
        version = it.Version
      }]
      next = get(response, "NextToken", null)
    }

    # Tags can't go along with an overwrite.
    create {
      request = "POST /"
      headers = { X-Amz-Target = "AmazonSSM.PutParameter", Content-Type = "application/x-amz-json-1.1" }
      json = compact({
        Name      = "${destination.path}${key}"
        Value     = value
        Type      = "SecureString"
        KeyId     = options.key_id
        Tier      = length(base64encode(value)) > 5460 ? "Intelligent-Tiering" : null
        Overwrite = options.tags == null
        Tags      = options.tags == null ? null : [for tag in options.tags : { Key = tag.key, Value = tag.value }]
      })
      version = response.Version
    }
    update {
      step {
        when    = options.tags != null
        request = "POST /"
        headers = { X-Amz-Target = "AmazonSSM.AddTagsToResource", Content-Type = "application/x-amz-json-1.1" }
        json    = { ResourceType = "Parameter", ResourceId = id, Tags = [for tag in options.tags : { Key = tag.key, Value = tag.value }] }
      }
      step {
        request = "POST /"
        headers = { X-Amz-Target = "AmazonSSM.PutParameter", Content-Type = "application/x-amz-json-1.1" }
        json = compact({
          Name      = id
          Value     = value
          Type      = "SecureString"
          KeyId     = options.key_id
          Tier      = length(base64encode(value)) > 5460 ? "Intelligent-Tiering" : null
          Overwrite = true
        })
      }
      version = response.Version
    }
    # Names that are not there are reported, not an error.
    delete {
      max     = 10
      request = "POST /"
      headers = { X-Amz-Target = "AmazonSSM.DeleteParameters", Content-Type = "application/x-amz-json-1.1" }
      json    = { Names = [for it in entries : it.id] }
    }
  }

  destination "aws-secrets-manager" {
    title    = "AWS Secrets Manager"
    import   = true
    selector = "mapping_behavior"

    region = string

    options {
      key_id                       = optional(string)      # KMS key: id, ARN or alias; default alias/aws/secretsmanager
      tags                         = optional(list(any))   # { key, value }, written along with a value where they differ; tags of others stay
      sync_secret_metadata_as_tags = remote(optional(bool, false)) # of a remote backend's own syncs
    }

    base_url = "https://secretsmanager.${destination.region}.amazonaws.com${startswith(destination.region, "cn-") ? ".cn" : ""}"

    # One secret of AWS for each key. Lists every secret of the region: a key schema says which are meant.
    variant "one-to-one" {
      privileges {
        needed   = ["secretsmanager:ListSecrets", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:CreateSecret", "secretsmanager:UpdateSecret", "secretsmanager:RestoreSecret", "secretsmanager:DeleteSecret"]
        source   = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html"
        verified = "2026-11-22"
      }
      key {
        matches    = "[A-Za-z0-9/_+=.@-]+"
        max_length = 512
      }
      value {
        max_bytes = 65536
        empty     = false
      }

      list {
        request = "POST /"
        headers = { X-Amz-Target = "secretsmanager.ListSecrets", Content-Type = "application/x-amz-json-1.1" }
        json = compact({
          MaxResults = 100
          NextToken  = cursor
          Filters    = key_schema.prefix == "" ? null : [{ Key = "name", Values = [key_schema.prefix] }]
        })
        # What another service owns, or replicates here, can't be written.
        items = [for it in response.SecretList : { key = it.Name, id = it.ARN, raw = get(it, "Tags", []) }
          if get(it, "OwningService", null) == null && get(it, "DeletedDate", null) == null]
        next = get(response, "NextToken", null)
      }
      # A secret without a text (binary, or scheduled for deletion since it was listed) comes back without a value.
      read {
        max     = 20
        request = "POST /"
        headers = { X-Amz-Target = "secretsmanager.BatchGetSecretValue", Content-Type = "application/x-amz-json-1.1" }
        json    = { SecretIdList = [for it in entries : it.id] }
        items   = [for it in response.SecretValues : { key = it.Name, value = get(it, "SecretString", null), version = it.VersionId }]
      }

      # A name that is scheduled for deletion is taken until it is restored.
      create {
        request = "POST /"
        headers = { X-Amz-Target = "secretsmanager.CreateSecret", Content-Type = "application/x-amz-json-1.1" }
        json = compact({
          Name               = key
          SecretString       = value
          KmsKeyId           = options.key_id
          ClientRequestToken = uuid()
          Tags               = options.tags == null ? null : [for tag in options.tags : { Key = tag.key, Value = tag.value }]
        })
        version = response.VersionId

        recover {
          when = can(regex("(ResourceExistsException|InvalidRequestException)$", response.__type))
          step {
            request = "POST /"
            headers = { X-Amz-Target = "secretsmanager.DescribeSecret", Content-Type = "application/x-amz-json-1.1" }
            json    = { SecretId = key }
          }
          step {
            when    = get(response, "DeletedDate", null) != null
            request = "POST /"
            headers = { X-Amz-Target = "secretsmanager.RestoreSecret", Content-Type = "application/x-amz-json-1.1" }
            json    = { SecretId = key }
          }
          # Someone else's, made since it was listed: the refusal stands.
          step {
            when    = get(response, "CreatedDate", null) != null
            request = "POST /"
            headers = { X-Amz-Target = "secretsmanager.CreateSecret", Content-Type = "application/x-amz-json-1.1" }
            json    = { Name = key, SecretString = value, ClientRequestToken = uuid() }
          }
          step {
            request = "POST /"
            headers = { X-Amz-Target = "secretsmanager.UpdateSecret", Content-Type = "application/x-amz-json-1.1" }
            json    = compact({ SecretId = key, SecretString = value, KmsKeyId = options.key_id, ClientRequestToken = uuid() })
          }
          version = response.VersionId
        }
      }
      update {
        step {
          when    = options.tags != null && length([for tag in options.tags : tag if !contains(raw, { Key = tag.key, Value = tag.value })]) > 0
          request = "POST /"
          headers = { X-Amz-Target = "secretsmanager.TagResource", Content-Type = "application/x-amz-json-1.1" }
          json    = { SecretId = id, Tags = [for tag in options.tags : { Key = tag.key, Value = tag.value }] }
        }
        step {
          request = "POST /"
          headers = { X-Amz-Target = "secretsmanager.UpdateSecret", Content-Type = "application/x-amz-json-1.1" }
          json    = compact({ SecretId = id, SecretString = value, KmsKeyId = options.key_id, ClientRequestToken = uuid() })
        }
        version = response.VersionId
      }
      # The usual window of 30 days stays: a deletion by mistake can be undone.
      delete {
        request = "POST /"
        headers = { X-Amz-Target = "secretsmanager.DeleteSecret", Content-Type = "application/x-amz-json-1.1" }
        json    = { SecretId = id }
        # Gone, or on its way: that is what was wanted.
        recover {
          when = can(regex("ResourceNotFoundException$", response.__type)) || can(regex("InvalidRequestException$", response.__type)) && can(regex("(marked|scheduled) (for deletion|deleted)|marked deleted", get(response, "message", get(response, "Message", ""))))
        }
      }
    }

    # One secret of AWS that holds all keys as the fields of a JSON object.
    variant "many-to-one" {
      privileges {
        needed   = ["secretsmanager:GetSecretValue", "secretsmanager:CreateSecret", "secretsmanager:UpdateSecret", "secretsmanager:RestoreSecret"]
        source   = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html"
        verified = "2026-11-22"
      }
      secret_name = string

      key { container = true }
      value { max_bytes = 65536 }

      list {
        request  = "POST /"
        headers  = { X-Amz-Target = "secretsmanager.GetSecretValue", Content-Type = "application/x-amz-json-1.1" }
        json     = { SecretId = destination.secret_name }
        items    = [for name, it in jsondecode(response.SecretString) : { key = name, value = it, version = response.VersionId, raw = it }]
        document = "there"

        recover {
          when     = can(regex("ResourceNotFoundException$", response.__type))
          items    = []
          document = "missing"
        }
        recover {
          when     = can(regex("InvalidRequestException$", response.__type)) && can(regex("marked for deletion|marked deleted|scheduled for deletion", get(response, "message", get(response, "Message", ""))))
          items    = []
          document = "scheduled for deletion"
        }
      }
      replace {
        step {
          when    = document == "scheduled for deletion"
          request = "POST /"
          headers = { X-Amz-Target = "secretsmanager.RestoreSecret", Content-Type = "application/x-amz-json-1.1" }
          json    = { SecretId = destination.secret_name }
        }
        step {
          when    = document != "missing" && options.tags != null
          request = "POST /"
          headers = { X-Amz-Target = "secretsmanager.TagResource", Content-Type = "application/x-amz-json-1.1" }
          json    = { SecretId = destination.secret_name, Tags = [for tag in options.tags : { Key = tag.key, Value = tag.value }] }
        }
        step {
          when    = document != "missing"
          request = "POST /"
          headers = { X-Amz-Target = "secretsmanager.UpdateSecret", Content-Type = "application/x-amz-json-1.1" }
          json = compact({
            SecretId           = destination.secret_name
            SecretString       = jsonencode({ for it in entries : it.key => it.value })
            KmsKeyId           = options.key_id
            ClientRequestToken = uuid()
          })
        }
        step {
          when    = document == "missing"
          request = "POST /"
          headers = { X-Amz-Target = "secretsmanager.CreateSecret", Content-Type = "application/x-amz-json-1.1" }
          json = compact({
            Name               = destination.secret_name
            SecretString       = jsonencode({ for it in entries : it.key => it.value })
            KmsKeyId           = options.key_id
            ClientRequestToken = uuid()
            Tags               = options.tags == null ? null : [for tag in options.tags : { Key = tag.key, Value = tag.value }]
          })
        }
        version = response.VersionId
      }
    }
  }
}
