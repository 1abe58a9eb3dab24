# METADATA
# title: Inbounds
# description: |
#   What an AI agent may do, decided at the moment of action. The schemas of the
#   question and of the data it is judged with are named here, for all below.
# scope: subpackages
# schemas:
#   - input: schema.question
#   - data.deployment: schema.deployment
#   - data.live: schema.live
package inbounds
